import { RpcError, rpcCodes } from "./rpc-error.ts";
import { chainMethods, type ProviderChain } from "./rpc-methods.ts";

/** A JSON-RPC request without its envelope. */
export interface ProviderRequest {
  readonly method: string;
  readonly params?: unknown;
}

/** Answers JSON-RPC requests, as EIP-1193 has it. Rejects with {@link RpcError}, or LedgerError when the chain is damaged. */
export interface Provider {
  request(request: ProviderRequest): Promise<unknown>;
}

/** Answers every method of the chain. */
export function chainProvider(chain: ProviderChain): Provider {
  const methods = new Map(chainMethods(chain));
  return {
    async request({ method, params }) {
      const answer = methods.get(method);
      if (answer === undefined) throw unknownMethod(method);
      return await answer(Array.isArray(params) ? params : []);
    },
  };
}

/** There is no such method, or it is not for who asks. */
export function unknownMethod(method: string): RpcError {
  return new RpcError(rpcCodes.methodNotFound, `there is no method ${method}`);
}

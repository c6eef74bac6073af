import { z } from "zod";

/** Answers JSON-RPC requests without their envelope. */
interface Provider {
  request(request: { readonly method: string; readonly params?: unknown }): Promise<unknown>;
}

const id = z.union([z.string(), z.number(), z.null()]);
const request = z.object({
  jsonrpc: z.literal("2.0"),
  id: id.optional(),
  method: z.string().max(64),
  params: z.array(z.unknown()).optional(),
});

/** Puts JSON-RPC 2.0's envelope around a provider: any EVM tool can look at the embedded chain. One request a body. */
export function answerChain(provider: Provider): (body: string) => Promise<string> {
  return async (body) => {
    const asked = request.safeParse(parsed(body));
    if (!asked.success) return failure(null, -32_600, "wanted one JSON-RPC 2.0 request");
    const { id: requestId = null, method, params = [] } = asked.data;
    try {
      const result = await provider.request({ method, params });
      return JSON.stringify({ jsonrpc: "2.0", id: requestId, result });
    } catch (error) {
      return failure(requestId, ...told(error));
    }
  };
}

/** What a stranger is told of an error: of the chain's own failures their code only, as messages may name files. */
function told(error: unknown): [code: number, message: string] {
  if (!(error instanceof Error && "code" in error)) return [-32_603, "internal error"];
  if (typeof error.code === "number") return [error.code, error.message];
  return [-32_603, `the chain cannot answer: ${error.code}`];
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function failure(requestId: z.infer<typeof id>, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: requestId, error: { code, message } });
}

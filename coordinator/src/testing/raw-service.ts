import {
  Client,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { CallContext, Calls } from "../rpc/calls.ts";
import type { RpcService } from "../rpc/server.ts";

/** What answers the calls of the service that {@link rawService} makes. Messages are bytes. */
export interface RawHandlers {
  ask(request: Buffer, context: CallContext): Promise<Buffer>;
  upload(requests: AsyncIterable<Buffer>, context: CallContext): Promise<Buffer>;
  download(request: Buffer, context: CallContext): AsyncIterable<Buffer>;
  watch(request: Buffer, context: CallContext): AsyncIterable<Buffer>;
}

const asIs = (bytes: Buffer) => bytes;

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/chorus.test.RawService/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  } satisfies MethodDefinition<Buffer, Buffer>;
}

const methods = {
  ask: method("Ask", false, false),
  upload: method("Upload", true, false),
  download: method("Download", false, true),
  watch: method("Watch", false, true),
};

/** A service with one method of each kind. */
export function rawService(calls: Calls, handlers: RawHandlers): RpcService {
  return {
    definition: methods,
    implementation: {
      ask: calls.unary(handlers.ask),
      upload: calls.clientStream(handlers.upload),
      download: calls.serverStream(handlers.download),
      watch: calls.endlessStream(handlers.watch),
    },
  };
}

/** Calls the service that {@link rawService} makes. Calls reject with "STATUS details". */
export class RawClient implements Disposable {
  readonly #client: Client;

  constructor(port: number, host = "127.0.0.1") {
    // A connection of its own.
    const options = { "grpc.use_local_subchannel_pool": 1 };
    this.#client = new Client(`${host}:${port}`, credentials.createInsecure(), options);
  }

  ask(request: string): Promise<string> {
    const { promise, done } = answer();
    const { path } = methods.ask;
    this.#client.makeUnaryRequest(path, asIs, asIs, Buffer.from(request), new Metadata(), done);
    return promise;
  }

  /** Begins an upload. */
  upload(): { call: ClientWritableStream<Buffer>; answered: Promise<string> } {
    const { promise, done } = answer();
    const { path } = methods.upload;
    const call = this.#client.makeClientStreamRequest(path, asIs, asIs, new Metadata(), done);
    return { call, answered: promise };
  }

  download(request: string): Promise<readonly string[]> {
    return this.#all(methods.download.path, request);
  }

  watch(request: string): Promise<readonly string[]> {
    return this.#all(methods.watch.path, request);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #all(path: string, request: string): Promise<readonly string[]> {
    const call = this.#client.makeServerStreamRequest(path, asIs, asIs, Buffer.from(request));
    const got: string[] = [];
    try {
      for await (const message of call as AsyncIterable<Buffer>) got.push(String(message));
    } catch (error) {
      throw new Error([...got, refusal(error as ServiceError)].join("; "));
    }
    return got;
  }
}

function answer() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const done = (error: ServiceError | null, response?: Buffer) => {
    if (error === null) resolve(String(response));
    else reject(new Error(refusal(error)));
  };
  return { promise, done };
}

function refusal({ code, details }: ServiceError): string {
  return `${status[code]} ${details}`;
}

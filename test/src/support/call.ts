import type { Client, Metadata, MethodDefinition, ServiceError } from "@grpc/grpc-js";

/** Makes a call with one request and one response. Rejects with grpc-js' ServiceError. */
export function unaryCall<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  request: Request,
  metadata: Metadata,
): Promise<Response> {
  const { promise, done } = answer<Response>();
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done);
  return promise;
}

/** Makes a call with many requests and one response. Rejects with grpc-js' ServiceError, also before all are sent. */
export function clientStreamCall<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  requests: readonly Request[],
  metadata: Metadata,
): Promise<Response> {
  const { promise, done } = answer<Response>();
  const call = client.makeClientStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
    done,
  );
  for (const request of requests) call.write(request);
  call.end();
  return promise;
}

/** All messages of a call with many responses. Rejects with grpc-js' ServiceError. */
export async function serverStreamCall<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  request: Request,
  metadata: Metadata,
): Promise<readonly Response[]> {
  const call = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    metadata,
  );
  return await Array.fromAsync(call as AsyncIterable<Response>);
}

function answer<Response>() {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const done = (error: ServiceError | null, response?: Response) => {
    if (error === null) resolve(response as Response);
    else reject(error);
  };
  return { promise, done };
}

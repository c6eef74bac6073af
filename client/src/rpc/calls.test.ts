import {
  type AcceptRoundRequest,
  type DownloadModelRequest,
  type DownloadModelResponse,
  ParticipantServiceClient,
  ParticipantServiceService,
  type SubmitUpdateRequest,
} from "@chorus/proto/v1/participant";
import {
  credentials,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
} from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { clientStream } from "./client-stream.ts";
import { serverStream } from "./server-stream.ts";
import { type Done, unary } from "./unary.ts";

const CHUNKS = 64;
const CHUNK_BYTES = 1_048_576;

interface Handlers {
  acceptRound?: handleUnaryCall<AcceptRoundRequest, object>;
  downloadModel?: handleServerStreamingCall<DownloadModelRequest, DownloadModelResponse>;
  submitUpdate?: handleClientStreamingCall<SubmitUpdateRequest, object>;
}

/** A client of a real server that has only these calls. Disposal waits until every call has ended. */
async function connect(
  handlers: Handlers,
): Promise<AsyncDisposable & { client: ParticipantServiceClient }> {
  const server = new Server({ "grpc.max_receive_message_length": 2 * CHUNK_BYTES });
  server.addService(ParticipantServiceService, { ...handlers });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new ParticipantServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const close = async () => {
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    client.close();
  };
  return { client, [Symbol.asyncDispose]: close };
}

/** An upload of 64 MiB that counts the chunks that were taken from it. */
function countedUpload(): { taken: number; requests: Iterable<SubmitUpdateRequest> } {
  const data = new Uint8Array(CHUNK_BYTES);
  const upload = { taken: 0, requests: requests() };
  function* requests(): Generator<SubmitUpdateRequest, void, undefined> {
    for (let i = 0; i < CHUNKS; i++) {
      upload.taken++;
      const value = { offset: i * CHUNK_BYTES, data, sha256: new Uint8Array() };
      yield { part: { $case: "chunk", value } };
    }
  }
  return upload;
}

test("an upload is read no further ahead than the connection has room for", async () => {
  const upload = countedUpload();
  const ahead: number[] = [];
  const submitUpdate: NonNullable<Handlers["submitUpdate"]> = (call, callback) => {
    let received = 0;
    call.on("data", () => {
      received++;
      ahead.push(upload.taken - received);
    });
    call.on("end", () => callback(null, {}));
  };
  await using peer = await connect({ submitUpdate });
  const start = (done: Done<object>) => peer.client.submitUpdate(done);
  await clientStream(start, upload.requests, new AbortController().signal);
  expect(ahead).toHaveLength(CHUNKS);
  // 16 messages wait in grpc-js, a few more in the sockets; without back-pressure all 64 would.
  expect(Math.max(...ahead)).toBeLessThan(CHUNKS / 2);
});

test("an answer that comes before the upload's end ends the upload", async () => {
  const upload = countedUpload();
  const submitUpdate: NonNullable<Handlers["submitUpdate"]> = (_call, callback) =>
    callback(null, {});
  await using peer = await connect({ submitUpdate });
  const start = (done: Done<object>) => peer.client.submitUpdate(done);
  await clientStream(start, upload.requests, new AbortController().signal);
  expect(upload.taken).toBeLessThan(CHUNKS);
});

test("a refusal in the middle of an upload rejects with the coordinator's status", async () => {
  const submitUpdate: NonNullable<Handlers["submitUpdate"]> = (call, callback) => {
    call.once("data", () => callback({ code: status.INVALID_ARGUMENT, details: "bad chunk" }));
  };
  await using peer = await connect({ submitUpdate });
  const start = (done: Done<object>) => peer.client.submitUpdate(done);
  const result = clientStream(start, countedUpload().requests, new AbortController().signal);
  await expect(result).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
});

test("an upload whose chunks cannot be made rejects with the reason and leaves no call open", async () => {
  const submitUpdate: NonNullable<Handlers["submitUpdate"]> = (call) => call.resume();
  await using peer = await connect({ submitUpdate });
  function* broken(): Generator<SubmitUpdateRequest, void, undefined> {
    yield* [...countedUpload().requests].slice(0, 32);
    throw new Error("no such chunk");
  }
  const start = (done: Done<object>) => peer.client.submitUpdate(done);
  const result = clientStream(start, broken(), new AbortController().signal);
  await expect(result).rejects.toThrow("no such chunk");
});

test("an upload that is aborted rejects with the reason and leaves no call open", async () => {
  const abort = new AbortController();
  const submitUpdate: NonNullable<Handlers["submitUpdate"]> = (call) => {
    call.once("data", () => abort.abort(new Error("the round has ended")));
  };
  await using peer = await connect({ submitUpdate });
  const start = (done: Done<object>) => peer.client.submitUpdate(done);
  const result = clientStream(start, countedUpload().requests, abort.signal);
  await expect(result).rejects.toThrow("the round has ended");
});

test("a call that is aborted rejects with the reason and leaves no call open", async () => {
  const abort = new AbortController();
  const acceptRound: NonNullable<Handlers["acceptRound"]> = () =>
    abort.abort(new Error("the round has ended"));
  await using peer = await connect({ acceptRound });
  const request = { roundId: new Uint8Array(), planHash: new Uint8Array() };
  const result = unary((done) => peer.client.acceptRound(request, done), abort.signal);
  await expect(result).rejects.toThrow("the round has ended");
});

test("a download that nobody reads to its end is cancelled", async () => {
  const downloadModel: NonNullable<Handlers["downloadModel"]> = (call) => {
    for (let totalBytes = 1; totalBytes <= 3; totalBytes++)
      call.write({ totalBytes, chunk: undefined });
  };
  await using peer = await connect({ downloadModel });
  const request = { modelHash: new Uint8Array(), offset: 0 };
  const messages = serverStream(
    () => peer.client.downloadModel(request),
    new AbortController().signal,
  );
  for await (const { totalBytes } of messages) if (totalBytes === 2) break;
});

test("a signal that was aborted before starts no call", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const start = () => expect.unreachable();
  await expect(unary(start, signal)).rejects.toThrow("stopped");
  await expect(clientStream(start, [], signal)).rejects.toThrow("stopped");
  await expect(serverStream(start, signal).next()).rejects.toThrow("stopped");
});

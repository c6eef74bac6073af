import { createIdentity, modelToBytes, seededRandom } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { Connection } from "../connection.ts";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { type Downloading, ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { LAYOUT, MODEL, MODEL_BYTES, MODEL_HASH, piecesOf, serve } from "../testing/tiny-round.ts";
import { Uplink } from "../uplink.ts";
import { downloadModel } from "./download.ts";

const { signal } = new AbortController();

type Piece = ReturnType<typeof piecesOf>[number];

/** Downloads the tiny model from a coordinator that serves it like this, one function a call. */
async function downloadFrom(...calls: ((call: Downloading) => void)[]): Promise<Float32Array> {
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.download = (call) => (calls.shift() ?? serve())(call);
  const identity = createIdentity(new Uint8Array(32));
  const { address } = coordinator;
  const options = { coordinator: address, name: "site", invitation: "", backend: "fake" };
  using connection = await Connection.open({ ...options, softwareVersion: "0" }, identity, signal);
  const uplink = new Uplink({ random: seededRandom("download"), sleep: new FakeSleep().sleep });
  uplink.opened(connection);
  return await downloadModel(MODEL_HASH, LAYOUT, uplink, signal);
}

/** Serves chunks of 16 bytes, each changed like this. */
function serveChanged(change: (piece: Piece, index: number) => Piece): (call: Downloading) => void {
  return (call) => {
    for (const [index, piece] of piecesOf(MODEL_BYTES, call.request.offset, 16).entries())
      call.write(change(piece, index));
    call.end();
  };
}

/** Serves this many chunks, then breaks the call. */
function breakAfter(chunks: number, offsets: number[]): (call: Downloading) => void {
  return (call) => {
    offsets.push(call.request.offset);
    for (const piece of piecesOf(MODEL_BYTES, call.request.offset, 16).slice(0, chunks))
      call.write(piece);
    setImmediate(() => call.emit("error", { code: 14, details: "restarting" }));
  };
}

test("a model that arrives in one go is the model that was sent", async () => {
  expect(await downloadFrom(serve())).toEqual(MODEL);
});

test("a download that breaks goes on where it broke, and gives the same model", async () => {
  const offsets: number[] = [];
  expect(await downloadFrom(breakAfter(1, offsets), breakAfter(2, offsets))).toEqual(MODEL);
  expect(offsets).toEqual([0, 16]);
});

test("a download that ends early in good order goes on, unless it brought nothing", async () => {
  const cut = (call: Downloading) => {
    for (const piece of piecesOf(MODEL_BYTES, 0, 16).slice(0, 1)) call.write(piece);
    call.end();
  };
  expect(await downloadFrom(cut)).toEqual(MODEL);
  await expect(downloadFrom(cut, (call) => call.end())).rejects.toThrow(
    "got the end of the model at byte 16, wanted more",
  );
});

test.each<[string, (piece: Piece, index: number) => Piece, string]>([
  [
    "a flipped bit",
    ({ chunk, totalBytes }, index) => {
      const data = Uint8Array.from(chunk.data, (byte, i) => byte ^ Number(index === 2 && i === 3));
      return { totalBytes, chunk: { ...chunk, data } };
    },
    "got other bytes at 32, wanted those of the chunk's SHA-256",
  ],
  [
    "a chunk twice",
    ({ chunk, totalBytes }, index) => ({
      totalBytes,
      chunk: { ...chunk, offset: index === 1 ? 0 : chunk.offset },
    }),
    "got a chunk at byte 0, wanted the one at 16",
  ],
  [
    "a length that is not the plan's",
    ({ chunk }) => ({ totalBytes: 2 ** 40, chunk }),
    "got a model of 1099511627776 bytes, wanted 60 as the plan has it",
  ],
])("a download with %s is refused", async (_, change, message) => {
  const refusal = { code: "protocol", message };
  await expect(downloadFrom(serveChanged(change))).rejects.toMatchObject(refusal);
});

test("a chunk that goes beyond the model's end is refused", async () => {
  const longer = new Uint8Array(MODEL_BYTES.length + 8);
  const serveLonger = (call: Downloading) => {
    for (const piece of piecesOf(longer, 0, longer.length))
      call.write({ ...piece, totalBytes: MODEL_BYTES.length });
    call.end();
  };
  await expect(downloadFrom(serveLonger)).rejects.toThrow("ends at byte 68, wanted 60 at most");
});

test("a model with another hash than the round's is refused", async () => {
  const other = modelToBytes(MODEL.map((value) => value + 1));
  await expect(downloadFrom(serve(other))).rejects.toMatchObject({ code: "wrong-model" });
});

test("a model with a value that is not finite is refused", async () => {
  const poisoned = modelToBytes(MODEL.map((value, i) => (i === 7 ? Number.NaN : value)));
  await expect(downloadFrom(serve(poisoned))).rejects.toMatchObject({ code: "non-finite" });
});

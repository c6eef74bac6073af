import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRegistry, WireMetrics } from "../metrics.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { ByteStreams, type StreamedPart } from "./byte-streams.ts";
import { chunkOf } from "./chunks.ts";
import { WireMeter } from "./wire-meter.ts";

interface Header {
  readonly name: string;
}

const { signal } = new AbortController();

/** Streams of one byte, on a fake clock. */
function openStreams() {
  const clock = new FakeClock();
  const metrics = new WireMetrics(createRegistry(), () => 0);
  const limits = { memoryBytes: 10, stallMs: 30_000 };
  const streams = new ByteStreams(limits, { meter: new WireMeter(), metrics, clock });
  const receive = async (key: string, parts: AsyncIterable<StreamedPart<Header>>) => {
    const got: [string, number][] = [];
    await streams.receive<Header>(
      key,
      parts,
      async (stream, wanted) => {
        const { header } = await stream.header(wanted);
        const bytes = await stream.readInto(new Uint8Array(1), { receivedBytes: 0 }, wanted);
        got.push([header.name, bytes[0] ?? -1]);
      },
      signal,
    );
    return got;
  };
  return { clock, receive };
}

/** A header, and then `next`. */
async function* headed(
  name: string,
  next: () => Promise<StreamedPart<Header>>,
): AsyncGenerator<StreamedPart<Header>> {
  yield { part: { $case: "header", value: { name } } };
  yield await next();
}

const byte = async (): Promise<StreamedPart<Header>> => ({
  part: { $case: "chunk", value: chunkOf(0, new Uint8Array([7])) },
});
const never = () => new Promise<StreamedPart<Header>>(() => undefined);

test("a stream is its header and its bytes", async () => {
  const { receive } = openStreams();
  expect(await receive("one", headed("model", byte))).toEqual([["model", 7]]);
});

test("a stream of which nothing comes for 30 s is refused, and one that waited shorter goes on", async () => {
  const { clock, receive } = openStreams();
  const { promise, resolve } = Promise.withResolvers<StreamedPart<Header>>();
  const stalled = expect(receive("one", headed("model", never))).rejects.toMatchObject({
    code: "stalled-upload",
    message: "nothing of the upload came for 30 s",
  });
  const slow = receive(
    "two",
    headed("model", () => promise),
  );
  for (let turns = 0; turns < 5; turns++) await setImmediate();
  clock.advance(29_999);
  resolve(await byte());
  expect(await slow).toEqual([["model", 7]]);
  clock.advance(1);
  await stalled;
});

test("a newer stream of the same participant and kind takes the place of one that hangs, of no other", async () => {
  const { clock, receive } = openStreams();
  const replaced = expect(receive("model of a", headed("model", never))).rejects.toMatchObject({
    code: "replaced-upload",
  });
  const other = expect(receive("update of a", headed("update", never))).rejects.toMatchObject({
    code: "stalled-upload",
  });
  for (let turns = 0; turns < 5; turns++) await setImmediate();
  expect(await receive("model of a", headed("newer", byte))).toEqual([["newer", 7]]);
  await replaced;
  clock.advance(30_000);
  await other;
});

test.each<[string, () => AsyncIterable<StreamedPart<Header>>, string]>([
  [
    "bytes without a header",
    async function* () {
      yield await byte();
    },
    "bad-chunk",
  ],
  [
    "two headers",
    () => headed("one", async () => ({ part: { $case: "header", value: { name: "two" } } })),
    "bad-chunk",
  ],
  ["nothing", async function* () {}, "bad-chunk"],
  [
    "a header alone",
    async function* () {
      yield { part: { $case: "header", value: { name: "one" } } };
    },
    "wrong-length",
  ],
])("a stream of %s is refused", async (_what, parts, code) => {
  const { receive } = openStreams();
  await expect(receive("one", parts())).rejects.toMatchObject({ code });
});

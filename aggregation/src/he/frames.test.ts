import fc from "fast-check";
import { expect, test } from "vitest";
import { CIPHERTEXT_BYTES, SUM_BYTES } from "./ciphertext-form.ts";
import {
  FRAME_BYTES,
  FrameReader,
  frameHash,
  framesOf,
  type HeFrame,
  type HeStream,
} from "./frames.ts";
import { codeOf } from "./testing/round.ts";

function streamOf(chunks: number, chunkBytes = CIPHERTEXT_BYTES): HeStream {
  return { binding: new Uint8Array(32).fill(5), chunkBytes, chunks };
}

function chunksOf({ chunks, chunkBytes }: HeStream): Uint8Array[] {
  return Array.from({ length: chunks }, (_, i) => new Uint8Array(chunkBytes).fill(i));
}

test("chunks that are put in frames come out of them, in order, a megabyte at most in each", () => {
  const sizes = fc.constantFrom(CIPHERTEXT_BYTES, SUM_BYTES);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 160 }), sizes, (chunks, chunkBytes) => {
      const stream = streamOf(chunks, chunkBytes);
      const reader = new FrameReader(stream);
      const read: Uint8Array[] = [];
      for (const frame of framesOf(stream, chunksOf(stream))) {
        expect(frame.payload.length).toBeLessThanOrEqual(FRAME_BYTES);
        read.push(...reader.read(frame));
      }
      reader.close();
      expect(read.map((chunk) => chunk[0])).toEqual(chunksOf(stream).map((chunk) => chunk[0]));
      expect(read.every((chunk) => chunk.length === chunkBytes)).toBe(true);
    }),
    { numRuns: 10 },
  );
});

test("a frame that is repeated, skipped, cut, changed, from elsewhere or beyond the end is refused; the right one is still taken", () => {
  const stream = streamOf(100);
  const [first, second] = [...framesOf(stream, chunksOf(stream))] as [HeFrame, HeFrame];
  const reader = new FrameReader(stream);
  const again = (frame: Omit<HeFrame, "hash">, of = stream) => ({
    ...frame,
    hash: frameHash(of, frame),
  });
  const changed = first.payload.slice();
  changed[700_000] = 1;
  const elsewhere = { ...stream, binding: new Uint8Array(32) };
  const refused = [
    second,
    { ...first, payload: changed },
    { ...first, hash: first.hash.slice(1) },
    again({ ...first, payload: first.payload.subarray(1) }),
    again({ ...first, count: first.count - 1 }),
    again({ ...first, count: 0, payload: new Uint8Array() }),
    again({ ...first, count: 76, payload: new Uint8Array(76 * CIPHERTEXT_BYTES) }),
    again({ ...first, count: 1.5 }),
    again(first, elsewhere),
  ];
  for (const frame of refused) expect(codeOf(() => reader.read(frame))).toBe("wrong-frame");
  reader.read(first);
  expect(codeOf(() => reader.read(first))).toBe("wrong-frame");
  expect(codeOf(() => reader.close())).toBe("wrong-frame");
  const beyond = again({
    firstChunk: 75,
    count: 26,
    payload: new Uint8Array(26 * CIPHERTEXT_BYTES),
  });
  expect(codeOf(() => reader.read(beyond))).toBe("wrong-frame");
  reader.read(second);
  reader.close();
});

test("chunks of another length are not put in frames", () => {
  expect(() => [...framesOf(streamOf(1), [new Uint8Array(5)])]).toThrow(RangeError);
});

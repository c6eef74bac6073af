import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkAssembler, chunkBytes, chunkOf } from "./chunks.ts";

test("chunks of any sizes put together give the same bytes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 500 }),
      fc.integer({ min: 1, max: 99 }),
      (bytes, size) => {
        const assembler = new ChunkAssembler(new Uint8Array(bytes.length));
        for (let at = 0; at < bytes.length; at += size)
          assembler.add(chunkOf(at, bytes.subarray(at, at + size)));
        expect(assembler.finish()).toEqual(bytes);
      },
    ),
  );
});

const bytes = Uint8Array.from([1, 2, 3, 4]);

test.each([
  ["a gap", () => [chunkOf(1, bytes)], "bad-chunk"],
  ["a repetition", () => [chunkOf(0, bytes), chunkOf(0, bytes)], "bad-chunk"],
  ["an empty chunk", () => [chunkOf(0, new Uint8Array())], "bad-chunk"],
  ["an oversized chunk", () => [chunkOf(0, new Uint8Array(chunkBytes + 1))], "bad-chunk"],
  [
    "a chunk that does not match its hash",
    () => [{ ...chunkOf(0, bytes), data: bytes.map((b) => b ^ 1) }],
    "bad-chunk",
  ],
  [
    "too many bytes",
    () => [chunkOf(0, bytes), chunkOf(4, bytes), chunkOf(8, bytes)],
    "wrong-length",
  ],
  ["too few bytes", () => [chunkOf(0, bytes)], "wrong-length"],
] as const)("%s is refused", (_what, chunks, code) => {
  const assembler = new ChunkAssembler(new Uint8Array(8));
  expect(() => {
    for (const chunk of chunks()) assembler.add(chunk);
    assembler.finish();
  }).toThrow(expect.objectContaining({ code }));
});

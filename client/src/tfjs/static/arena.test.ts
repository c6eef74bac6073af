import { expect, test } from "vitest";
import { Arena } from "./arena.ts";

/** A heap whose blocks begin one after the other where it is told. */
function heapAt(addresses: readonly number[]) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const [left, freed, asked] = [[...addresses], [] as number[], [] as number[]];
  const allocate = (bytes: number): number => {
    asked.push(bytes);
    return left.shift() ?? 0;
  };
  return { memory, allocate, free: (address: number) => void freed.push(address), freed, asked };
}

test("every vector begins at a line of the cache and lies inside its block, wherever that begins", () => {
  const blocks = Array.from({ length: 64 }, (_, index) => 1024 + 513 * index);
  const heap = heapAt(blocks);
  using arena = new Arena(heap);
  for (const [index, block] of blocks.entries()) {
    const address = arena.reserve(10);
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(block);
    expect(address + 40).toBeLessThanOrEqual(block + (heap.asked[index] ?? 0));
  }
});

test("what was allocated is freed, not where the vectors begin, and once only", () => {
  const heap = heapAt([1000, 2000]);
  const arena = new Arena(heap);
  arena.reserve(1);
  arena.reserve(1);
  arena[Symbol.dispose]();
  arena[Symbol.dispose]();
  expect(heap.freed).toEqual([1000, 2000]);
});

import { expect, test } from "vitest";
import { fastestMs } from "./timing.ts";

test("the fastest block counts, the first call does not, and short runs are measured many at a time", async () => {
  let nowMs = 0;
  const blocks: number[] = [];
  const run = async (times: number) => {
    // Compiles at first; then 2 ms a run, and 4 while somebody else has the processor.
    nowMs += blocks.length === 0 ? 5000 : times * (blocks.length % 2 === 0 ? 2 : 4);
    blocks.push(times);
  };
  expect(await fastestMs(run, () => nowMs)).toBe(2);
  expect(blocks[0]).toBe(1);
  expect(Math.max(...blocks)).toBeGreaterThan(4);
  expect(nowMs).toBeLessThan(5000 + 300);
});

test("a run that takes longer than is to be spent is measured once", async () => {
  let nowMs = 0;
  const blocks: number[] = [];
  const run = async (times: number) => {
    nowMs += 700;
    blocks.push(times);
  };
  expect(await fastestMs(run, () => nowMs)).toBe(700);
  expect(blocks).toEqual([1, 1]);
});

import { seededRandom } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

/** The waits that `count` failures in a row lead to. */
async function waitsAfter(count: number, seed: string, resetBefore = -1): Promise<number[]> {
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  const backoff = new Backoff({ random: seededRandom(seed), sleep });
  for (let n = 0; n < count; n++) {
    if (n === resetBefore) backoff.reset();
    await backoff.wait(new AbortController().signal);
  }
  return waits;
}

test("the n-th wait is from 0 to 0.5 s doubled n times, and never above 30 s", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 40 }), async (seed, count) => {
      const waits = await waitsAfter(count, seed);
      for (const [n, ms] of waits.entries()) {
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(500 * 2 ** n, 30_000));
      }
    }),
  );
});

test("the first wait after a success is short again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (seed) => {
      const waits = await waitsAfter(20, seed, 19);
      expect(waits[19]).toBeLessThan(500);
    }),
  );
});

test("participants that lose their coordinator at once do not come back at once", async () => {
  const seeds = Array.from({ length: 100 }, (_, i) => `participant ${i}`);
  const waits = await Promise.all(seeds.map(async (seed) => (await waitsAfter(6, seed)).at(-1)));
  const firstHalf = waits.filter((ms) => ms !== undefined && ms < 8_000).length;
  // Of 100 uniform waits, 50 are in the first half of 16 s, give or take 5 standard deviations of 5.
  expect(Math.abs(firstHalf - 50)).toBeLessThan(25);
});

import { expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { CommitmentError } from "./commitment-error.ts";
import { drawCommitmentRandomness, RANDOMNESS_WORDS, randomnessBlock } from "./randomness.ts";

test("the randomness uses all of 16 bits, evenly", () => {
  const random = seededRandom("randomness");
  const [counts, draws] = [new Array<number>(64).fill(0), 10];
  for (let draw = 0; draw < draws; draw++) {
    const randomness = drawCommitmentRandomness(random);
    expect(randomness.length).toBe(6144);
    for (const word of randomness) {
      const at = (word + 2 ** 15) >> 10;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  expect(counts.length).toBe(64);
  const wanted = (draws * RANDOMNESS_WORDS) / 64;
  const statistic = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
  expect(statistic).toBeLessThan(120);
});

test("randomness is three ring elements, each in a lane of its own, and nothing in the last", () => {
  const randomness = Int32Array.from({ length: RANDOMNESS_WORDS }, (_, index) => index + 1);
  const block = randomnessBlock(randomness);
  for (let i = 0; i < 2048; i++) {
    const coefficients = [...block.subarray(4 * i, 4 * i + 4)];
    expect(coefficients).toEqual([i + 1, 2048 + i + 1, 4096 + i + 1, 0]);
  }
});

test("randomness of another length is refused", () => {
  expect(() => randomnessBlock(new Int32Array(6143))).toThrow(
    new CommitmentError("wrong-randomness", "randomness has 6143 words, wanted 6144"),
  );
});

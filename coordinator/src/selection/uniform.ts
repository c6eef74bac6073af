import { RandomNumbers, type RandomSource } from "@chorus/aggregation";

/** Draws `count` of `candidates` uniformly without replacement; all of them when there are not more. */
export function selectUniformly<T>(
  candidates: readonly T[],
  count: number,
  random: RandomSource,
): readonly T[] {
  const numbers = new RandomNumbers(random);
  const pool = [...candidates];
  const drawn: T[] = [];
  while (drawn.length < count && pool.length > 0)
    drawn.push(...pool.splice(numbers.below(pool.length), 1));
  return drawn;
}

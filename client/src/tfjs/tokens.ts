import { ClientError } from "../error.ts";

/**
 * Throws {@link ClientError} `bad-data` for numbers that a table of `vocabulary` rows does not have: the kernels do not look
 * where a number is that is in no table.
 */
export function requireTokens(features: Float32Array, vocabulary: number): void {
  const bad = features.find((value) => !isToken(value, vocabulary));
  if (bad === undefined) return;
  throw new ClientError(
    "bad-data",
    `an example has a number that is not in the model's table, ${bad}, wanted whole numbers from 0 to ${vocabulary - 1}; ` +
      "a scale in the plan's data, by which numbers are divided, may be the cause",
  );
}

function isToken(value: number, vocabulary: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < vocabulary;
}

import { backend_util } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";

/** An equation of einsum: a letter for each axis of the operands and of the result. */
export interface Equation {
  /** One or two. */
  readonly operands: readonly string[];
  readonly result: string;
  /** Length of each letter's axis. */
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * Reads an equation as "bij,bjk->bik". Throws {@link ClientError} `unsupported-layer` for more than two operands, for
 * repeated letters in one of them, for dots, and where it does not fit the operands' shapes.
 */
export function parseEquation(text: string, shapes: readonly (readonly number[])[]): Equation {
  try {
    const { allDims, idDims } = backend_util.decodeEinsumEquation(text, shapes.length);
    const operands = idDims.map((dims) => dims.map((dim) => allDims[dim]).join(""));
    const [, result = ""] = text.replaceAll(/\s/g, "").split("->");
    for (const letters of operands) requireDistinct(letters);
    return { operands, result, lengths: lengthsOf(operands, shapes) };
  } catch (cause) {
    const got = `einsum of ${text} with shapes ${shapes.map((shape) => `[${shape}]`).join(" ")}`;
    throw new ClientError("unsupported-layer", `${got} is not supported`, { cause });
  }
}

function requireDistinct(letters: string): void {
  if (new Set(letters).size < letters.length) throw new RangeError(`${letters} repeats a letter`);
}

function lengthsOf(
  operands: readonly string[],
  shapes: readonly (readonly number[])[],
): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [operand, letters] of operands.entries()) {
    const shape = shapes[operand] ?? [];
    if (shape.length !== letters.length) throw new RangeError(`${letters} for [${shape}]`);
    for (const [axis, letter] of [...letters].entries()) {
      const length = shape[axis] ?? 0;
      if ((lengths.get(letter) ?? length) !== length)
        throw new RangeError(`two lengths of ${letter}`);
      lengths.set(letter, length);
    }
  }
  return lengths;
}

/** The letters of `letters` that satisfy a condition. */
export function lettersOf(letters: string, isWanted: (letter: string) => boolean): string {
  return [...letters].filter(isWanted).join("");
}

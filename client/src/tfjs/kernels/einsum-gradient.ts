import {
  broadcastTo,
  Einsum,
  einsum,
  getGradient,
  registerGradient,
  reshape,
  type Tensor,
  transpose,
} from "@tensorflow/tfjs-core";
import { type Equation, lettersOf, parseEquation } from "./equation.ts";

/**
 * Registers the gradient of einsum, on all backends; core has none. The gradient for an operand is the einsum of the
 * result's gradient with the other operand, repeated along axes that only the operand itself had.
 */
export function registerEinsumGradient(): void {
  if (getGradient(Einsum) !== undefined) return;
  registerGradient({
    kernelName: Einsum,
    saveAllInputs: true,
    gradFunc: (outGradient, saved, attrs) => {
      const shapes = saved.map(({ shape }) => shape);
      const equation = parseEquation(String(attrs["equation"]), shapes);
      const gradient = Array.isArray(outGradient) ? outGradient[0] : outGradient;
      if (gradient === undefined) throw new Error("einsum has no gradient to pass on");
      const entries = saved.map((_, index) => [
        index,
        () => operandGradient(gradient, saved, equation, index),
      ]);
      return Object.fromEntries(entries);
    },
  });
}

function operandGradient(
  outGradient: Tensor,
  saved: readonly Tensor[],
  { operands, result, lengths }: Equation,
  index: number,
): Tensor {
  const letters = operands[index] ?? "";
  const other = saved[1 - index];
  const others = operands[1 - index] ?? "";
  const known = lettersOf(letters, (letter) => result.includes(letter) || others.includes(letter));
  const gradient =
    other === undefined
      ? einsum(`${result}->${known}`, outGradient)
      : einsum(`${result},${others}->${known}`, outGradient, other);
  if (known === letters) return gradient;
  const missing = lettersOf(letters, (letter) => !known.includes(letter));
  const wide = reshape(gradient, [...gradient.shape, ...[...missing].map(() => 1)]);
  const order = [...letters].map((letter) => (known + missing).indexOf(letter));
  return broadcastTo(
    transpose(wide, order),
    [...letters].map((letter) => lengths.get(letter) ?? 1),
  );
}

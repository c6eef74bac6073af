import {
  BatchMatMul,
  Einsum,
  Identity,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  Sum,
  type TensorInfo,
  Transpose,
} from "@tensorflow/tfjs-core";
import { type Equation, lettersOf, parseEquation } from "./equation.ts";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  callKernel,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";

/** Sums of products over named axes. The backend has none. */
export const EINSUM_KERNELS: TrainingKernelTable = { [Einsum]: einsum };

/** A tensor with a letter for each axis. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly letters: string;
}

function einsum(session: KernelSession, call: KernelCall): TensorInfo {
  const tensors = Object.values(call.inputs).filter((tensor) => tensor !== undefined);
  const { equation: text } = attributesOf<{ equation: string }>(call);
  const shapes = tensors.map(({ shape }) => shape);
  const equation = parseEquation(text, shapes);
  const steps = new Steps(session, equation);
  const labelled = tensors.map((tensor, index) => ({
    tensor,
    letters: equation.operands[index] ?? "",
  }));
  const [first, second] = labelled.map((operand, index) =>
    steps.sumOwn(operand, labelled[1 - index]?.letters ?? ""),
  );
  if (first === undefined) throw new Error(`${Einsum} is called without operands`);
  const product = second === undefined ? first : steps.multiply(first, second);
  return steps.finish(steps.order(product, equation.result).tensor);
}

/** The steps of one einsum. Keeps account of the tensors between them. */
class Steps {
  readonly #session: KernelSession;
  readonly #equation: Equation;
  readonly #made: TensorInfo[] = [];

  constructor(session: KernelSession, equation: Equation) {
    this.#session = session;
    this.#equation = equation;
  }

  /** Sums over the axes that only this operand has, and not the result. */
  sumOwn({ tensor, letters }: Labelled, others: string): Labelled {
    const { result } = this.#equation;
    const isKept = (letter: string) => result.includes(letter) || others.includes(letter);
    const axis = [...letters].flatMap((letter, index) => (isKept(letter) ? [] : [index]));
    if (axis.length === 0) return { tensor, letters };
    const sum = this.#run(Sum, { x: tensor }, { axis, keepDims: false });
    return { tensor: sum, letters: lettersOf(letters, isKept) };
  }

  /** The product of two operands, summed over the axes that both have, and not the result: one batch of matrices each. */
  multiply(a: Labelled, b: Labelled): Labelled {
    const { result } = this.#equation;
    const shared = lettersOf(a.letters, (letter) => b.letters.includes(letter));
    const batch = lettersOf(shared, (letter) => result.includes(letter));
    const inner = lettersOf(shared, (letter) => !result.includes(letter));
    const left = lettersOf(a.letters, (letter) => !b.letters.includes(letter));
    const right = lettersOf(b.letters, (letter) => !a.letters.includes(letter));
    const product = this.#run(
      BatchMatMul,
      {
        a: this.#matrices(this.order(a, batch + left + inner), [batch, left, inner]),
        b: this.#matrices(this.order(b, batch + inner + right), [batch, inner, right]),
      },
      { transposeA: false, transposeB: false },
    );
    const letters = batch + left + right;
    return { tensor: { ...product, shape: this.#shape([...letters]) }, letters };
  }

  /** The same values with their axes in another order. */
  order({ tensor, letters }: Labelled, wanted: string): Labelled {
    if (letters === wanted) return { tensor, letters };
    const perm = [...wanted].map((letter) => letters.indexOf(letter));
    return { tensor: this.#run(Transpose, { x: tensor }, { perm }), letters: wanted };
  }

  /** Frees what lies between the operands and the result. */
  finish(result: TensorInfo): TensorInfo {
    // An operand that is the result, too, is shared.
    const { backend } = this.#session;
    const kept = callKernel(this.#session, Identity, { x: result });
    for (const { dataId } of this.#made) backend.disposeData(dataId);
    return kept;
  }

  /** The same values, with one axis for each group of letters. */
  #matrices({ tensor }: Labelled, groups: readonly string[]): TensorInfo {
    return { ...tensor, shape: this.#shape(groups) };
  }

  #shape(groups: readonly string[]): number[] {
    const { lengths } = this.#equation;
    return groups.map((letters) =>
      [...letters].reduce((size, letter) => size * (lengths.get(letter) ?? 1), 1),
    );
  }

  #run(name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
    const made = callKernel(this.#session, name, inputs, attrs);
    this.#made.push(made);
    return made;
  }
}

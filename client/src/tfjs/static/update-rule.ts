import type { Optimizer } from "@chorus/aggregation";
import type { TrainingKernels } from "../kernels/training-kernels.ts";
import type { UpdatePlan } from "../optimizer.ts";
import type { Arena } from "./arena.ts";

/** Moves weights along a gradient as `tf.train` does, over one flat vector. */
export interface UpdateRule {
  /** Forgets all earlier steps: a round begins, from the weights as they are. */
  reset(): void;
  step(): void;
}

/** Where the weights and their gradient are: `count` values each. */
export interface UpdatedVector {
  readonly weights: number;
  readonly gradient: number;
  readonly count: number;
}

/** The plan's optimiser, with FedProx' proximal term where the plan has one. Its state lies in the arena. */
export function updateRuleOf(
  { optimizer, proximal }: UpdatePlan,
  vector: UpdatedVector,
  kernels: TrainingKernels,
  arena: Arena,
): UpdateRule {
  const rule = optimizerRule(optimizer, vector, kernels, arena);
  return proximal === undefined ? rule : drawnBack(rule, proximal, vector, kernels, arena);
}

/** Adds to each gradient, in place, what draws the weights back to where they were at the last reset. */
function drawnBack(
  rule: UpdateRule,
  strength: number,
  { weights, gradient, count }: UpdatedVector,
  kernels: TrainingKernels,
  arena: Arena,
): UpdateRule {
  const anchor = arena.reserve(count);
  return {
    reset: () => {
      rule.reset();
      arena.floats(anchor, count).set(arena.floats(weights, count));
    },
    step: () => {
      kernels.addProximal(gradient, weights, anchor, count, strength);
      rule.step();
    },
  };
}

function optimizerRule(
  optimizer: Optimizer,
  vector: UpdatedVector,
  kernels: TrainingKernels,
  arena: Arena,
): UpdateRule {
  switch (optimizer.kind) {
    case "sgd":
      return optimizer.momentum === 0
        ? descent(optimizer.learningRate, vector, kernels)
        : momentum(optimizer, vector, kernels, arena);
    case "adam":
      return adam(optimizer.learningRate, vector, kernels, arena);
  }
}

function descent(
  learningRate: number,
  { weights, gradient, count }: UpdatedVector,
  kernels: TrainingKernels,
): UpdateRule {
  return {
    reset: () => undefined,
    step: () => kernels.addScaled(weights, gradient, count, -learningRate),
  };
}

function momentum(
  optimizer: Extract<Optimizer, { kind: "sgd" }>,
  { weights, gradient, count }: UpdatedVector,
  kernels: TrainingKernels,
  arena: Arena,
): UpdateRule {
  const { learningRate, momentum } = optimizer;
  const velocity = arena.reserve(count);
  return {
    reset: () => void arena.floats(velocity, count).fill(0),
    step: () => kernels.momentumStep(weights, gradient, velocity, count, learningRate, momentum),
  };
}

/** Those of tf.train.adam; epsilon is what TensorFlow.js takes for backends with float32. */
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-7];

function adam(
  learningRate: number,
  { weights, gradient, count }: UpdatedVector,
  kernels: TrainingKernels,
  arena: Arena,
): UpdateRule {
  const mean = arena.reserve(count);
  const square = arena.reserve(count);
  let steps = 0;
  return {
    reset: () => {
      steps = 0;
      for (const state of [mean, square]) arena.floats(state, count).fill(0);
    },
    step: () => {
      steps++;
      const vectors = [weights, gradient, mean, square] as const;
      // The kernel's betas are float32: 1 - 0.999 is off by 5e-5 then, which its own correction takes back.
      const corrections = [BETA1, BETA2].map((beta) => 1 - Math.fround(beta) ** steps);
      const [meanCorrection = 1, squareCorrection = 1] = corrections;
      const rates = [learningRate, BETA1, BETA2, EPSILON] as const;
      kernels.adamStep(...vectors, count, ...rates, meanCorrection, squareCorrection);
    },
  };
}

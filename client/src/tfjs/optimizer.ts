import type { Optimizer as OptimizerPlan } from "@chorus/aggregation";
import { type Optimizer, SGDOptimizer, train } from "@tensorflow/tfjs-core";

/** An optimiser without a past, for one round; disposing it frees all its tensors. */
export interface RoundOptimizer extends Disposable {
  readonly optimizer: Optimizer;
}

/** Makes the plan's optimiser on the selected backend. */
export function openOptimizer(plan: OptimizerPlan): RoundOptimizer {
  const optimizer = createOptimizer(plan);
  return {
    optimizer,
    [Symbol.dispose]: () => {
      optimizer.dispose();
      // Momentum's own dispose forgets the learning rate's tensor, which it inherits from SGD (tfjs 4.22).
      if (plan.kind === "sgd" && plan.momentum > 0) SGDOptimizer.prototype.dispose.call(optimizer);
    },
  };
}

function createOptimizer(plan: OptimizerPlan): Optimizer {
  switch (plan.kind) {
    case "sgd":
      return plan.momentum === 0
        ? train.sgd(plan.learningRate)
        : train.momentum(plan.learningRate, plan.momentum);
    case "adam":
      return train.adam(plan.learningRate);
  }
}

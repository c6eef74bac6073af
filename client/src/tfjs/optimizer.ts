import type { Training } from "@chorus/aggregation";
import {
  add,
  clone,
  dispose,
  keep,
  mul,
  type NamedTensorMap,
  type Optimizer,
  type Scalar,
  SGDOptimizer,
  sub,
  type Tensor,
  tidy,
  train,
  type Variable,
} from "@tensorflow/tfjs-core";

/** What of a plan says how gradients move weights. */
export type UpdatePlan = Pick<Training, "optimizer" | "proximal">;

/** An optimiser without a past, for one round; disposing it frees all its tensors. */
export interface RoundOptimizer extends Disposable {
  /** One step down a loss; returns the loss before it. To be called inside tidy. */
  minimize(lossOf: () => Scalar): Scalar;
  /** One step along the gradients, by the variables' names. To be called inside tidy. */
  applyGradients(gradients: NamedTensorMap): void;
}

/** Makes the plan's optimiser for these variables on the selected backend. Where they are now the round begins. */
export function openOptimizer(
  { optimizer: plan, proximal }: UpdatePlan,
  variables: readonly Variable[],
): RoundOptimizer {
  const optimizer = createOptimizer(plan);
  const anchors = proximal === undefined ? [] : copies(variables);
  const applyGradients = (gradients: NamedTensorMap): void =>
    optimizer.applyGradients(
      proximal === undefined ? gradients : drawnBack(gradients, variables, anchors, proximal),
    );
  return {
    applyGradients,
    minimize: (lossOf) => {
      const { value, grads } = optimizer.computeGradients(lossOf, [...variables]);
      applyGradients(grads);
      return value;
    },
    [Symbol.dispose]: () => {
      dispose(anchors);
      optimizer.dispose();
      // Momentum's own dispose forgets the learning rate's tensor, which it inherits from SGD (tfjs 4.22).
      if (plan.kind === "sgd" && plan.momentum > 0) SGDOptimizer.prototype.dispose.call(optimizer);
    },
  };
}

function createOptimizer(plan: UpdatePlan["optimizer"]): Optimizer {
  switch (plan.kind) {
    case "sgd":
      return plan.momentum === 0
        ? train.sgd(plan.learningRate)
        : train.momentum(plan.learningRate, plan.momentum);
    case "adam":
      return train.adam(plan.learningRate);
  }
}

/** They share the values until the variables are given others. */
function copies(variables: readonly Variable[]): Tensor[] {
  return tidy(() => variables.map((variable) => keep(clone(variable))));
}

/** Each gradient + strength * (weights - anchor): FedProx' proximal term (Li et al. 2020, equation 2). */
function drawnBack(
  gradients: NamedTensorMap,
  variables: readonly Variable[],
  anchors: readonly Tensor[],
  strength: number,
): NamedTensorMap {
  const all = { ...gradients };
  for (const [index, variable] of variables.entries()) {
    const [gradient, anchor] = [gradients[variable.name], anchors[index]];
    // Weights without a gradient have not moved.
    if (gradient === undefined || anchor === undefined) continue;
    all[variable.name] = add(gradient, mul(sub(variable, anchor), strength));
  }
  return all;
}

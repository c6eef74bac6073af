import { type Layer, type Plan, parsePlan } from "@chorus/aggregation";
import { lenet5, mlp } from "@chorus/aggregation/zoo";
import { planOf } from "./models.ts";

/**
 * What a soak trains, by name: "mlp" with plain gradient descent, "lenet" with dropout, Adam and FedProx' proximal term, which have
 * state of their own. Throws an Error for another name.
 */
export function soakPlan(name: string): Plan {
  switch (name) {
    case "mlp":
      return planOf(mlp());
    case "lenet":
      return forgetfulLenet();
    default:
      throw new Error(`got "${name}", wanted mlp, lenet`);
  }
}

function forgetfulLenet(): Plan {
  const { config, ...model } = lenet5();
  const dropout: Layer = { class_name: "Dropout", config: { rate: 0.25 } };
  const layers = config.layers.toSpliced(-1, 0, dropout);
  const plan = planOf({ ...model, config: { ...config, layers } });
  const optimizer = { kind: "adam", learningRate: 0.001 };
  return parsePlan({ ...plan, training: { ...plan.training, optimizer, proximal: 0.1 } });
}

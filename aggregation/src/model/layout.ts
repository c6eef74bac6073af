import { PlanError } from "../plan/plan-error.ts";
import { type ColumnStatistics, statisticsLayout } from "./column-statistics.ts";
import type { GraphLayer } from "./graph-builder.ts";
import type { InitialValues, TensorSpec } from "./layers/layer-kind.ts";
import { MAX_PARAMETERS, valuesIn } from "./layers/value-count.ts";
import { modelGraph } from "./model-graph.ts";
import type { ModelTopology } from "./topology.ts";

/** Where one tensor lies in the flat model. Float32, row-major. */
export interface TensorSlot {
  /** `<layer>/<tensor>`, as "dense_2/kernel". */
  readonly name: string;
  readonly shape: readonly number[];
  /** Of its first value in the flat model. */
  readonly offset: number;
  /** Product of the shape. */
  readonly size: number;
  /** How it begins; left out, with zeros. */
  readonly initial?: InitialValues;
}

/** How a model's tensors lie in one Float32Array, without gaps: layer by layer as the plan has them. */
export interface ModelLayout {
  readonly tensors: readonly TensorSlot[];
  /** Length of the flat model, 1 to 50 000 000. */
  readonly parameters: number;
}

/**
 * The layout of a model, without building it. Throws {@link PlanError}: `bad-plan` for layers that do not fit together
 * or have no parameters, `too-large` beyond 50 000 000 parameters.
 */
export function layoutOf(model: ModelTopology | ColumnStatistics): ModelLayout {
  if (model.class_name === "ColumnStatistics") return statisticsLayout(model);
  const tensors: TensorSlot[] = [];
  let offset = 0;
  for (const { name, shape, initial } of modelGraph(model).layers.flatMap(namedTensors)) {
    const path = "model.config.layers";
    const size = valuesIn(shape, path);
    tensors.push({ name, shape, offset, size, initial });
    offset += size;
    if (offset > MAX_PARAMETERS)
      throw new PlanError(
        "too-large",
        path,
        `got more than ${MAX_PARAMETERS} parameters, wanted at most that`,
      );
  }
  if (offset === 0)
    throw new PlanError(
      "bad-plan",
      "model.config.layers",
      "got no parameters to train, wanted a layer that has some, as Dense",
    );
  return { tensors, parameters: offset };
}

/** A layer's tensors with their names in the model. */
function namedTensors({ name, tensors }: GraphLayer): TensorSpec[] {
  return tensors.map((tensor) => ({ ...tensor, name: `${name}/${tensor.name}` }));
}

import { PlanError } from "../plan/plan-error.ts";
import { type LayerShape, layerShapes, MAX_PARAMETERS, valuesIn } from "./layer-shapes.ts";
import type { ModelTopology } from "./topology.ts";

/** Where one tensor lies in the flat model. Float32, row-major. */
export interface TensorSlot {
  /** `<layer>/kernel` or `<layer>/bias`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Of its first value in the flat model. */
  readonly offset: number;
  /** Product of the shape. */
  readonly size: number;
}

/** How a model's tensors lie in one Float32Array, without gaps, in the order of tfjs' model.weights. */
export interface ModelLayout {
  readonly tensors: readonly TensorSlot[];
  /** Length of the flat model, 1 to 50 000 000. */
  readonly parameters: number;
}

/**
 * The layout of a model, without building it. Throws {@link PlanError}: `bad-plan` for layers that do not fit together
 * or have no parameters, `too-large` beyond 50 000 000 parameters.
 */
export function layoutOf(model: ModelTopology): ModelLayout {
  const tensors: TensorSlot[] = [];
  let offset = 0;
  for (const { name, shape } of layerShapes(model).flatMap(tensorsOf)) {
    const path = "model.config.layers";
    const size = valuesIn(shape, path);
    tensors.push({ name, shape, offset, size });
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
      "got no parameters to train, wanted a Dense layer",
    );
  return { tensors, parameters: offset };
}

/** A layer's tensors in the order in which tfjs-layers creates them. */
function tensorsOf({
  layer,
  name,
  input,
  output,
}: LayerShape): Pick<TensorSlot, "name" | "shape">[] {
  if (layer.class_name !== "Dense") return [];
  const kernel = { name: `${name}/kernel`, shape: [...input, ...output] };
  const bias = { name: `${name}/bias`, shape: output };
  return layer.config.use_bias === false ? [kernel] : [kernel, bias];
}

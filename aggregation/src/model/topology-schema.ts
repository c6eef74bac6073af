import { z } from "zod";
import { choice, listOf, record, share, text, wholeNumber } from "../plan/fields.ts";
import { MAX_PARAMETERS } from "./layer-shapes.ts";
import { supportedInsteadOf } from "./refused-layers.ts";
import { ACTIVATIONS, type ModelTopology } from "./topology.ts";

const name = text("a name of 1 to 64 letters, digits, _ and -", /^[A-Za-z0-9_-]{1,64}$/);
const dimension = wholeNumber(1, MAX_PARAMETERS);

const everyLayer = {
  name: name.exactOptional(),
  batch_input_shape: z
    .tuple([z.null({ error: "null, the batch" })], dimension, { error: "[null, size, ...]" })
    .refine((shape) => shape.length >= 2 && shape.length <= 5, {
      error: "null and 1 to 4 sizes",
    })
    .exactOptional(),
};

const activation = choice(ACTIVATIONS);

const dense = record({
  class_name: z.literal("Dense"),
  config: record({
    ...everyLayer,
    units: dimension,
    activation: activation.exactOptional(),
    use_bias: z.boolean({ error: "true or false" }).exactOptional(),
  }),
});

const flatten = record({
  class_name: z.literal("Flatten"),
  config: record(everyLayer),
});

const activationLayer = record({
  class_name: z.literal("Activation"),
  config: record({ ...everyLayer, activation }),
});

const dropout = record({
  class_name: z.literal("Dropout"),
  config: record({ ...everyLayer, rate: share() }),
});

const layer = z.discriminatedUnion("class_name", [dense, flatten, activationLayer, dropout], {
  error: ({ input }) => supportedInsteadOf(classNameOf(input)),
});

/**
 * Checks a model by allow-list, layer by layer and key by key: what is not listed is an error, as what this package
 * does not know it cannot initialise, hash or replay. Whether the layers fit together is for {@link layerShapes}.
 */
export const topologySchema: z.ZodType<ModelTopology> = record({
  class_name: z.literal("Sequential", { error: '"Sequential"' }),
  config: record({ name, layers: listOf(layer, 1, 100) }),
});

function classNameOf(layerJson: unknown): unknown {
  return typeof layerJson === "object" && layerJson !== null && "class_name" in layerJson
    ? layerJson.class_name
    : undefined;
}

import { z } from "zod";
import { listOf, record } from "../plan/fields.ts";
import { exportedModelKeys, layerSchema } from "./layer-schema.ts";
import { batchShapeSchema, nameSchema, only } from "./layers/config-schema.ts";
import type {
  FunctionalTopology,
  InputLayer,
  Layer,
  LayerReference,
  ModelTopology,
  NamedLayer,
  SequentialTopology,
} from "./topology.ts";

const sequentialSchema = record({
  ...exportedModelKeys,
  class_name: z.literal("Sequential"),
  config: record({
    name: nameSchema,
    layers: listOf(layerSchema({}) as z.ZodType<Layer>, 1, 100),
  }),
}).transform(({ class_name, config }): SequentialTopology => ({ class_name, config }));

const zero = z.literal(0, { error: "0: a layer is used once and has one output" });
const REFERENCE = '["name", 0, 0]';

/** A reference; an export adds an object for arguments, which layers here do not have. */
const reference = z
  .tuple([nameSchema, zero, zero], { error: REFERENCE })
  .rest(record({}))
  .refine(({ length }) => length <= 4, { error: REFERENCE })
  .transform(([name]): LayerReference => [name, 0, 0]);

const oneUse = z
  .tuple([listOf(reference, 1, 50)], { error: "one list of layers: a layer is used once" })
  .refine(([references]) => references.length > 0, { error: "a layer" });

const inputLayer = record({
  class_name: z.literal("InputLayer"),
  name: nameSchema,
  config: record({
    batch_input_shape: batchShapeSchema,
    dtype: only(["float32"], "examples are float32"),
    sparse: only([false], "examples are dense"),
    name: z.never({ error: "the layer's name" }).optional(),
  }).transform(({ batch_input_shape }) => ({ batch_input_shape })),
  inbound_nodes: z.tuple([], { error: "an empty list" }),
});

const layers = listOf(
  z.preprocess(
    withoutRepetition,
    layerSchema({ name: nameSchema, inbound_nodes: oneUse }, inputLayer),
  ) as z.ZodType<InputLayer | NamedLayer>,
  2,
  200,
);

/** A graph of layers. TensorFlow.js exports one as "Model", too. */
const functionalSchema = record({
  ...exportedModelKeys,
  class_name: z.literal(["Functional", "Model"]),
  config: record({
    name: nameSchema,
    layers,
    input_layers: z.tuple([reference], { error: "one layer, the example" }),
    output_layers: z.tuple([reference], { error: "one layer" }),
  }),
}).transform(({ config }): FunctionalTopology => ({ class_name: "Functional", config }));

/**
 * Checks a model by allow-list, layer by layer and key by key: what is not listed is an error, as what this package
 * does not know it cannot initialise, hash or replay. Keys of an export that change nothing are left out of the result.
 * Whether the layers fit together is for {@link modelGraph}.
 */
export const topologySchema: z.ZodType<ModelTopology> = z.discriminatedUnion(
  "class_name",
  [sequentialSchema, functionalSchema],
  { error: "one of Sequential, Functional" },
);

/** A layer without what its config repeats: the layer's name, and the shape that the layers before it have anyway. */
function withoutRepetition(layer: unknown): unknown {
  if (typeof layer !== "object" || layer === null || !("config" in layer)) return layer;
  const { config } = layer;
  if (typeof config !== "object" || config === null) return layer;
  const isInput = "class_name" in layer && layer.class_name === "InputLayer";
  const ownName = "name" in layer ? layer.name : undefined;
  const kept = Object.entries(config).filter(
    ([key, value]) =>
      !(key === "name" && value === ownName) && !(key === "batch_input_shape" && !isInput),
  );
  return { ...layer, config: Object.fromEntries(kept) };
}

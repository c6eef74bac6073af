import { z } from "zod";
import { listOf, record } from "../plan/fields.ts";
import { type ExportedInput, graphOf, rowOf } from "./export-idioms.ts";
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

const inputKeys = {
  batch_input_shape: batchShapeSchema,
  dtype: z.enum(["float32", "int32"], { error: '"float32": examples are float32' }).optional(),
  sparse: only([false], "examples are dense"),
};

/** The config of an InputLayer, with what is left of it. */
function inputConfig(name: z.ZodType): z.ZodType {
  return record({ ...inputKeys, name }).transform(({ batch_input_shape, dtype = "float32" }) => ({
    batch_input_shape,
    dtype,
  }));
}

const rowInput = record({
  class_name: z.literal("InputLayer"),
  config: inputConfig(nameSchema.optional()),
});

const sequentialSchema = record({
  ...exportedModelKeys,
  class_name: z.literal("Sequential"),
  config: record({
    name: nameSchema,
    layers: listOf(layerSchema({}, rowInput) as z.ZodType<ExportedInput | Layer>, 1, 100).transform(
      rowOf,
    ),
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
  config: inputConfig(z.never({ error: "the layer's name" }).optional()),
  inbound_nodes: z.tuple([], { error: "an empty list" }),
});

const layers = listOf(
  z.preprocess(
    withoutRepetition,
    layerSchema({ name: nameSchema, inbound_nodes: oneUse }, inputLayer),
  ) as z.ZodType<(ExportedInput & InputLayer) | NamedLayer>,
  2,
  200,
).transform(graphOf);

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

/** A layer without what its config repeats, the layer's name, or leaves open, as a table of words does its input's shape. */
function withoutRepetition(layer: unknown): unknown {
  if (typeof layer !== "object" || layer === null || !("config" in layer)) return layer;
  const { config } = layer;
  if (typeof config !== "object" || config === null) return layer;
  const ownName = "name" in layer ? layer.name : undefined;
  const isInput = "class_name" in layer && layer.class_name === "InputLayer";
  const kept = Object.entries(config).filter(
    ([key, value]) =>
      !(key === "name" && value === ownName) &&
      !(key === "batch_input_shape" && !isInput && isOpen(value)),
  );
  return { ...layer, config: Object.fromEntries(kept) };
}

function isOpen(shape: unknown): boolean {
  return Array.isArray(shape) && shape.every((size) => size === null);
}

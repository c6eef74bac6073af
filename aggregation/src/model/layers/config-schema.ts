import { z } from "zod";
import { choice, listOf, number, record, text, wholeNumber } from "../../plan/fields.ts";
import { ACTIVATIONS, type Activation } from "./activation-names.ts";
import { initializerSchema } from "./initializer-schema.ts";
import type { LayerConfig } from "./layer-kind.ts";
import { MAX_PARAMETERS } from "./value-count.ts";

/** Name of a layer or a model. */
export const nameSchema: z.ZodType<string> = text(
  "a name of 1 to 64 letters, digits, _ and -",
  /^[A-Za-z0-9_-]{1,64}$/,
);

/** A size, a number of units or filters. */
export const sizeSchema: z.ZodType<number> = wholeNumber(1, MAX_PARAMETERS);

export const activationSchema: z.ZodType<Activation> = choice(ACTIVATIONS);
export const flagSchema: z.ZodType<boolean> = z.boolean({ error: "true or false" });
export const paddingSchema: z.ZodType<"valid" | "same"> = choice(["valid", "same"]);

const shapeSizeSchema = number(
  `a whole number from 1 to ${MAX_PARAMETERS}: an export has it from inputShape, or an Embedding's inputLength`,
  (size) => sizeSchema.safeParse(size).success,
);

/** Shape with the batch, which is null. */
export const batchShapeSchema: z.ZodType<[null, ...number[]]> = z
  .tuple([z.null({ error: "null, the batch" })], shapeSizeSchema, { error: "[null, size, ...]" })
  .refine((shape) => shape.length >= 2 && shape.length <= 5, { error: "null and 1 to 4 sizes" });

/** As many numbers as a window has dimensions. */
export function sizesSchema(dimensions: 1): z.ZodType<[number]>;
export function sizesSchema(dimensions: 2): z.ZodType<[number, number]>;
export function sizesSchema(dimensions: 1 | 2): z.ZodType<number[]> {
  return listOf(sizeSchema, dimensions, dimensions);
}

/** A key that may be there with one of these values, which change nothing. `why` is what to do with another. */
export function only(values: readonly unknown[], why: string): z.ZodType {
  const known = new Set(values.map((value) => JSON.stringify(value)));
  const wanted = values.map((value) => JSON.stringify(value)).join(" or ");
  return z
    .unknown()
    .refine((value) => known.has(JSON.stringify(value)), { error: `${wanted}: ${why}` })
    .optional();
}

const NO_REGULARIZER = "the loss has no part for it";
const NO_CONSTRAINT = "a mean of constrained weights need not be one";

/** What an export says of a tensor, by the names of its keys before `_initializer`. */
export function tensorKeys(...tensors: readonly string[]): Record<string, z.ZodType> {
  return Object.fromEntries(
    tensors.flatMap((tensor) => [
      [`${tensor}_initializer`, initializerSchema],
      [`${tensor}_regularizer`, only([null], NO_REGULARIZER)],
      [`${tensor}_constraint`, only([null], NO_CONSTRAINT)],
    ]),
  );
}

/** What an export says of a layer with images or rows. */
export const channelKeys: Readonly<Record<string, z.ZodType>> = {
  data_format: only(["channels_last", "channelsLast"], "channels come last"),
};
export const dilationKeys: Readonly<Record<string, z.ZodType>> = {
  dilation_rate: only([[1, 1], [1], 1], "TensorFlow.js has no gradient for others"),
};

/** What every layer of an export says. */
const exportedKeys = {
  trainable: only([true], "every weight is trained"),
  dtype: only(["float32"], "models are float32"),
  activity_regularizer: only([null], NO_REGULARIZER),
};

/**
 * A config with exactly the keys of `fields`, besides a name and a shape, of which those of `exported` are left out again
 * that an export has.
 */
export function layerConfig<T extends z.ZodRawShape>(
  fields: T,
  exported: Readonly<Record<string, z.ZodType>> = {},
): z.ZodType<LayerConfig & z.output<z.ZodObject<T>>> {
  const kept = {
    name: nameSchema.exactOptional(),
    batch_input_shape: batchShapeSchema.exactOptional(),
    ...fields,
  };
  const schema = record({ ...exportedKeys, ...exported, ...kept });
  return schema.transform((config) => {
    const entries = Object.entries(config).filter(([key]) => key in kept);
    return Object.fromEntries(entries) as LayerConfig & z.output<z.ZodObject<T>>;
  });
}

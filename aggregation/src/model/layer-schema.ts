import { z } from "zod";
import { record } from "../plan/fields.ts";
import { LAYER_KINDS } from "./layers/registry.ts";
import { supportedInsteadOf } from "./refused-layers.ts";

/** What an export says of a whole model. */
export const exportedModelKeys: Readonly<Record<string, z.ZodType>> = {
  keras_version: z.string({ error: "a version" }).optional(),
  backend: z.string({ error: "a backend's name" }).optional(),
};

/**
 * One object for each class of layers with the class's own config, and `fields` besides. `others`: classes beyond the
 * registry's. Its result is typed by the caller, as the types of the registry's entries are lost on the way.
 */
export function layerSchema(fields: z.ZodRawShape, ...others: readonly z.ZodObject[]): z.ZodType {
  const schemas = Object.entries(LAYER_KINDS).map(([className, { config }]) =>
    record({ class_name: z.literal(className), config, ...fields }),
  );
  const [first, ...rest] = [...schemas, ...others];
  if (first === undefined) throw new Error("there are no layers");
  return z.discriminatedUnion("class_name", [first, ...rest], {
    error: ({ input }) => supportedInsteadOf(classNameOf(input)),
  });
}

function classNameOf(layerJson: unknown): unknown {
  return typeof layerJson === "object" && layerJson !== null && "class_name" in layerJson
    ? layerJson.class_name
    : undefined;
}

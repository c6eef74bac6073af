import { z } from "zod";

const fan = ["mode", "scale", "distribution", "seed"];
const seed = ["seed"];
const normal = ["mean", "stddev", "seed"];

/** Initialisers of an export that may be there, with their keys. A Map, as one may be called "constructor". */
const KEYS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["VarianceScaling", fan],
  ["GlorotUniform", seed],
  ["GlorotNormal", seed],
  ["HeUniform", seed],
  ["HeNormal", seed],
  ["LeCunUniform", seed],
  ["LeCunNormal", seed],
  ["RandomUniform", ["minval", "maxval", "seed"]],
  ["RandomNormal", normal],
  ["TruncatedNormal", normal],
  ["Orthogonal", ["gain", "seed"]],
  ["Zeros", []],
  ["Ones", []],
]);

const wanted = { error: "nothing: leave it out, the plan's seed says how weights begin" };
const value = z.union([z.number(), z.string(), z.null()], wanted);

/** An initialiser, which may be there and is left out: weights begin as the plan's seed says, whatever stands here. */
export const initializerSchema: z.ZodType = z
  .strictObject(
    {
      class_name: z.unknown().refine((name) => KEYS.has(name), wanted),
      config: z.record(z.string(), value, wanted),
    },
    wanted,
  )
  .refine(
    ({ class_name, config }) =>
      Object.keys(config).every((key) => KEYS.get(class_name)?.includes(key) ?? true),
    wanted,
  )
  .optional();

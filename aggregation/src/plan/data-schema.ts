import { z } from "zod";
import {
  choice,
  listOf,
  number,
  numberFrom,
  positiveNumber,
  record,
  text,
  wholeNumber,
} from "./fields.ts";
import type { DataSchema } from "./plan-data.ts";

const MAX_SCALE = 1e9;
/** A pixel of 255 divided by it is a number that float32 holds, and its square as well. */
const MIN_PIXEL_SCALE = 1e-6;

// Readers take the spaces around cells away, so that a name or a value with some would never be found; messages and logs
// show both on terminals, which obey control characters.
const printed = /^(?!\s)\P{Cc}{1,128}(?<!\s)$/u;
const IN_PRINT = "of 1 to 128 characters, no control characters, no space at either end";

/** A column's name. */
export const column: z.ZodType<string> = text(`a column's name ${IN_PRINT}`, printed);
/** A value of a category, as it is written in the files. */
export const category: z.ZodType<string> = text(`a value ${IN_PRINT}`, printed);
const categories = listOf(category, 2, 1000);
const anyNumber = number("a number", () => true);
const scale = positiveNumber(MAX_SCALE);
const pixelScale = numberFrom(MIN_PIXEL_SCALE, MAX_SCALE);
const side = wholeNumber(1, 4096);

const feature = z.discriminatedUnion(
  "kind",
  [
    record({
      column,
      kind: z.literal("number"),
      mean: anyNumber,
      scale,
      missing: record({ impute: anyNumber }).exactOptional(),
    }),
    record({
      column,
      kind: z.literal("category"),
      values: categories,
      missing: record({ impute: category }).exactOptional(),
    }),
  ],
  { error: "one of number, category" },
);

const label = z.discriminatedUnion(
  "kind",
  [
    record({ column, kind: z.literal("binary"), positiveAbove: anyNumber }),
    record({ column, kind: z.literal("category"), values: categories }),
  ],
  { error: "one of binary, category" },
);

const columns = {
  features: listOf(feature, 1, 10_000),
  label,
  missing: choice(["drop-row", "refuse"]),
};

// Neither a way out of the site's folder nor a hidden one.
const folderName = text(
  "a folder's name of 1 to 128 characters, without / and \\, a dot not first",
  /^(?!\.)[^/\\\p{Cc}]{1,128}$/u,
);

/** The form of a plan's `data`. What does not go together is for {@link contradictionsOf}. */
export const dataSchema: z.ZodType<DataSchema> = z.discriminatedUnion(
  "format",
  [
    record({ format: z.literal("idx"), classes: wholeNumber(2, 256), scale: pixelScale }),
    record({
      format: z.literal("images"),
      classes: listOf(folderName, 2, 1000),
      height: side,
      width: side,
      channels: z.literal([1, 3], { error: "1, grey, or 3, colour" }),
      scale: pixelScale,
      resize: choice(["refuse", "fill"]),
    }),
    record({ format: z.literal("csv"), ...columns }),
    record({ format: z.literal("ndjson"), ...columns }),
  ],
  { error: "one of idx, images, csv, ndjson" },
);

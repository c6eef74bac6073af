import { z } from "zod";

/**
 * A number for which a claim holds; `wanted` is the claim in words, and the schema's message. NaN and infinities never
 * pass.
 */
export function number(wanted: string, holds: (value: number) => boolean): z.ZodType<number> {
  return z.number({ error: wanted }).refine(holds, { error: wanted });
}

/** An integer from `smallest` to `largest`. */
export function wholeNumber(smallest: number, largest: number): z.ZodType<number> {
  return number(
    `a whole number from ${smallest} to ${largest}`,
    (value) => Number.isSafeInteger(value) && value >= smallest && value <= largest,
  );
}

/** A number from `smallest` to `largest`. */
export function numberFrom(smallest: number, largest: number): z.ZodType<number> {
  return number(
    `a number from ${smallest} to ${largest}`,
    (value) => value >= smallest && value <= largest,
  );
}

/** A number above 0 and at most `largest`. */
export function positiveNumber(largest: number): z.ZodType<number> {
  return number(`a number above 0, ${largest} at most`, (value) => value > 0 && value <= largest);
}

/** A share that may be 0 and is never all: a number in [0, 1). */
export function share(): z.ZodType<number> {
  return number("a number from 0 up to but not 1", (value) => value >= 0 && value < 1);
}

/** A text that matches a pattern; `wanted` is the pattern in words. Lone surrogates never pass: they have no UTF-8. */
export function text(wanted: string, pattern: RegExp): z.ZodType<string> {
  return z
    .string({ error: wanted })
    .refine((value) => value.isWellFormed() && pattern.test(value), { error: wanted });
}

/** One of some texts. */
export function choice<const T extends readonly string[]>(options: T): z.ZodType<T[number]> {
  return z.enum(options, { error: `one of ${options.join(", ")}` });
}

/** A list of `fewest` to `most` elements. */
export function listOf<T>(element: z.ZodType<T>, fewest: number, most: number): z.ZodType<T[]> {
  const wanted = `a list of ${fewest === most ? most : `${fewest} to ${most}`}`;
  return z
    .array(element, { error: wanted })
    .min(fewest, { error: wanted })
    .max(most, { error: wanted });
}

/** An object with exactly these keys. */
export function record<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: "an object" });
}

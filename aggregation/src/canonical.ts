import canonicalize from "canonicalize";

/**
 * The one JSON text of a value: members sorted, no spaces, numbers in ECMAScript's shortest form, so that equal values
 * have equal bytes on every machine. Members that are undefined are left out, as in JSON.stringify.
 * Throws TypeError for what JSON cannot hold: NaN, infinities, bigints, lone surrogates, cycles.
 * Source: RFC 8785 (JSON Canonicalization Scheme).
 */
export function canonicalJson(value: object | string | number | boolean | null): string {
  const text = serialise(value);
  // A function, which TypeScript counts among objects, has no text.
  if (text === undefined)
    throw new TypeError(`got a ${typeof value}, wanted a value that JSON holds`);
  return text;
}

function serialise(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (cause) {
    throw new TypeError("got a value that JSON cannot hold", { cause });
  }
}

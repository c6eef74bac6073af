import { GraphError } from "./graph-error.ts";

/** Throws {@link GraphError} `bad-requirements` unless `value` is an integer from `least` to `most`. */
export function requireInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    const wanted = `an integer from ${least} to ${most}`;
    throw new GraphError("bad-requirements", `${name} is ${value}, wanted ${wanted}`);
  }
}

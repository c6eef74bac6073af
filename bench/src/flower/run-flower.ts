import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FlowerParts } from "./flower-costs.ts";

const script = fileURLToPath(new URL("../../flower/secagg_plus.py", import.meta.url));

/** A round to time. */
export interface FlowerRound {
  readonly clients: number;
  readonly parameters: number;
  /** Shares that rebuild a secret. */
  readonly threshold: number;
  readonly survivors: readonly number[];
}

/**
 * Times Flower's own functions in the interpreter `python`. Throws an Error that says how to install Flower where it is not
 * there: nothing is estimated.
 */
export async function runFlower(
  python: string,
  { clients, parameters, threshold, survivors }: FlowerRound,
  signal: AbortSignal,
): Promise<FlowerParts> {
  const size = [clients, parameters, threshold].map(String);
  try {
    const { stdout } = await promisify(execFile)(python, [script, ...size, survivors.join(",")], {
      signal,
    });
    return JSON.parse(stdout) as FlowerParts;
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new Error(
      `${python} with Flower is not there; install it with: python3 -m venv flower-venv && ` +
        "flower-venv/bin/pip install flwr==1.41.0; then: npm run bench -- --flower --python flower-venv/bin/python",
      { cause },
    );
  }
}

function isMissing(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return ("code" in cause && cause.code === "ENOENT") || /No module named/.test(cause.message);
}

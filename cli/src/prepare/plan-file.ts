import { access, writeFile } from "node:fs/promises";
import type { Plan } from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";

/** Where a plan is written to. */
export interface PlanFile {
  readonly path: string;
  /** Whether a file that is there already may be replaced. */
  readonly force: boolean;
}

/** Throws {@link CliError} `wrong-usage` when the file is there and may not be replaced. Called before anything takes time. */
export async function requireFree({ path, force }: PlanFile): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere && !force) throw occupied(path);
}

/** Writes a plan for people to read. Throws {@link CliError} `wrong-usage` when it cannot be written there. */
export async function writePlan({ path, force }: PlanFile, plan: Plan): Promise<void> {
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  await writeFile(path, text, { flag: force ? "w" : "wx" }).catch((cause: Error) => {
    if ("code" in cause && cause.code === "EEXIST") throw occupied(path);
    throw new CliError(
      "wrong-usage",
      `cannot write ${path}: ${cause.message}`,
      "Name another file with --out, and this run with --run: nothing has to be measured again.",
      { cause },
    );
  });
}

function occupied(path: string): CliError {
  return new CliError(
    "wrong-usage",
    `${path} is there already`,
    "Name another file with --out, or replace it with --force.",
  );
}

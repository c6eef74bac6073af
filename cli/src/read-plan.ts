import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";

/** The text of a plan, which is not looked at. Throws {@link CliError} `bad-plan` for a file that cannot be read. */
export async function readPlanText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    const hint = "Name a file that exists and may be read.";
    throw new CliError("bad-plan", `cannot read the plan ${path}`, hint, { cause });
  });
}

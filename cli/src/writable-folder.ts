import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError } from "./cli-error.ts";

/**
 * Makes a folder that an option names, and those above it that are missing, for this user alone, and tries whether it can
 * be written. Returns the topmost folder that it made, undefined when all were there. Throws {@link CliError}
 * `wrong-usage` with the option, the path and the system's reason. To be called before anything is opened there: where
 * folders cannot be made although the one above is there, as in /proc, Node's recursive mkdir never ends.
 */
export async function requireWritableFolder(
  option: string,
  path: string,
): Promise<string | undefined> {
  const folder = resolve(path);
  try {
    const made = await makeFolder(folder);
    await rmdir(await mkdtemp(join(folder, ".chorus-")));
    return made;
  } catch (cause) {
    throw new CliError(
      "wrong-usage",
      `${option}: ${path} is not a folder that can be written: ${reasonOf(cause)}`,
      `Name another folder with ${option}, or let this user write there.`,
      { cause },
    );
  }
}

/** Makes one folder after the other, from the topmost that is missing. */
async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = path; !(await makeOne(at)); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) await mkdir(folder, { mode: 0o700 });
  return missing[0];
}

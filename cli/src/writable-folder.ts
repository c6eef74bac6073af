import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError } from "./cli-error.ts";

/**
 * Makes a folder that an option names, and those above it that are missing, for this user alone, and tries whether it can
 * be written. Returns the topmost folder that it made, undefined when all were there. Throws {@link CliError}
 * `wrong-usage` with the option, the path and the system's reason. To be called before anything is opened there: where
 * no folder can be made although the one above is there, as in /proc, Node's recursive mkdir never ends.
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
      `${option}: cannot write in ${folder}: ${cause instanceof Error ? cause.message : cause}`,
      `Name another folder with ${option}, or let this user write there.`,
      { cause },
    );
  }
}

async function makeFolder(path: string): Promise<string | undefined> {
  const problem = await makeOne(path);
  if (problem === undefined) return path;
  if (problem === "EEXIST") return undefined;
  const madeAbove = await makeFolder(dirname(path));
  // Once only: it may be missing still, see above.
  const again = await makeOne(path);
  if (again === "ENOENT") throw new Error(`no folder can be made in ${dirname(path)}`);
  return madeAbove ?? (again === undefined ? path : undefined);
}

/** Makes one folder. Returns why it did not, when it is there already or the one above is not; throws all else. */
async function makeOne(path: string): Promise<"EEXIST" | "ENOENT" | undefined> {
  try {
    await mkdir(path, { mode: 0o700 });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" || code === "ENOENT") return code;
    throw error;
  }
}

import { rmSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const removal = { recursive: true, force: true, maxRetries: 5 } as const;

/**
 * The folder of one demo. Until {@link RunFolder.keep} is called it is temporary: disposing of it, or the end of this
 * process, removes it with whatever is in it.
 */
export class RunFolder implements AsyncDisposable {
  readonly path: string;
  #isKept = false;
  readonly #removeNow = (): void => rmSync(this.path, removal);

  private constructor(path: string) {
    this.path = path;
    process.on("exit", this.#removeNow);
  }

  /** Makes `<parent>/<time>`; the time in UTC, fit for a file name. Rejects with the system's error. */
  static async create(parent: string, nowMs: number): Promise<RunFolder> {
    const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-");
    await mkdir(parent, { recursive: true });
    for (let attempt = 1; ; attempt += 1) {
      const path = join(parent, attempt === 1 ? stamp : `${stamp}-${attempt}`);
      try {
        await mkdir(path);
        return new RunFolder(path);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  }

  /** Makes a folder inside and returns its path. */
  async folder(...names: readonly string[]): Promise<string> {
    const path = join(this.path, ...names);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Writes a file whole: it is there with all of its content or not at all. Returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    await writeFile(`${path}.part`, content);
    await rename(`${path}.part`, path);
    return path;
  }

  /** Removes a folder inside. */
  async remove(...names: readonly string[]): Promise<void> {
    await rm(join(this.path, ...names), { recursive: true, force: true });
  }

  /** From now on the folder stays. */
  keep(): void {
    this.#isKept = true;
    process.off("exit", this.#removeNow);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#removeNow);
    if (!this.#isKept) await rm(this.path, removal);
  }
}

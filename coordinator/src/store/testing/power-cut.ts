import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SyncedNodeFs } from "../database/synced-node-fs.ts";

/**
 * A folder on a disk whose cache is lost in a power cut: of a file survives what it held when it was last synced, of a
 * folder which names it had. Nothing survives that was not synced, which is the worst that a disk may do.
 */
export class CachedDisk extends SyncedNodeFs {
  /** By path relative to the folder: what the platters hold. */
  readonly #platters = new Map<string, Buffer>();

  constructor(directory: string) {
    super(directory);
    for (const path of filesBelow(directory)) this.#write(path);
  }

  /** Makes `directory` what the power cut leaves. */
  cutPower(directory: string): void {
    for (const path of readdirSync(this.directory, { recursive: true, encoding: "utf8" }))
      if (statSync(join(this.directory, path)).isDirectory())
        mkdirSync(join(directory, path), { recursive: true, mode: 0o700 });
    for (const [path, bytes] of this.#platters) writeFileSync(join(directory, path), bytes);
  }

  protected override sync(path: string, descriptor: number): void {
    super.sync(path, descriptor);
    if (statSync(path).isDirectory()) this.#forgetRemoved(path);
    else this.#write(path);
  }

  #write(path: string): void {
    this.#platters.set(relative(this.directory, path), readFileSync(path));
  }

  #forgetRemoved(folder: string): void {
    const present = new Set(readdirSync(folder).map((name) => join(folder, name)));
    for (const path of this.#platters.keys()) {
      const whole = join(this.directory, path);
      if (dirname(whole) === folder && !present.has(whole)) this.#platters.delete(path);
    }
  }
}

/** PGlite as it comes: syncs succeed and do nothing. */
export class UnsyncedDisk extends CachedDisk {
  protected override sync(): void {}
}

/** A disk that refuses to sync once it is broken. */
export class BreakableDisk extends SyncedNodeFs {
  isBroken = false;

  protected override sync(path: string, descriptor: number): void {
    if (this.isBroken) throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
    super.sync(path, descriptor);
  }
}

function filesBelow(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

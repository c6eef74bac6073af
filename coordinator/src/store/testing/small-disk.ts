import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of a few mebibytes, as a folder. Needs the right to mount (Linux, root). */
export class SmallDisk implements Disposable {
  readonly path: string;

  /** Throws where mounting is not allowed. */
  constructor(mebibytes: number) {
    this.path = mkdtempSync(join(tmpdir(), "chorus-disk-"));
    try {
      run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "none", this.path);
    } catch (error) {
      rmSync(this.path, { recursive: true });
      throw error;
    }
  }

  remount(mode: "ro" | "rw"): void {
    run("mount", "-o", `remount,${mode}`, this.path);
  }

  [Symbol.dispose](): void {
    run("umount", this.path);
    rmdirSync(this.path);
  }
}

/** Whether this process may mount. */
export function canMount(): boolean {
  try {
    using disk = new SmallDisk(1);
    return disk.path !== "";
  } catch {
    return false;
  }
}

function run(command: string, ...values: readonly string[]): void {
  execFileSync(command, values, { stdio: "ignore" });
}

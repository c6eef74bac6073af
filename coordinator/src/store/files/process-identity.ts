import { readFile } from "node:fs/promises";
import { isFileError } from "./file-errors.ts";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Which boot of the machine, and when in it the process began; empty where the system does not tell (no /proc). */
  readonly started: string;
}

/** Identity of the process that calls. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, started: (await startOf(process.pid))?.started ?? "" };
}

/** Whether that very process still runs. Only processes that this one can see count: same machine, same container. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!exists(pid)) return false;
  const now = await startOf(pid);
  if (now === undefined || started === "") return true;
  return now.started === started && !now.isZombie;
}

function exists(pid: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return isFileError(error) && error.code === "EPERM";
  }
}

/** Linux: proc(5), the third and the twenty-second field of /proc/<pid>/stat; undefined elsewhere or when it ended. */
async function startOf(pid: number): Promise<{ started: string; isZombie: boolean } | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses that may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { started: `${boot.trim()} ${fields[18]}`, isZombie: state === "Z" };
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

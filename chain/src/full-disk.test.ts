import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ChainAccess } from "./chain-access.ts";
import { openEmbeddedChain } from "./embedded/embedded-chain.ts";
import { chainPathsIn } from "./testing/chain-paths.ts";
import { recordOf } from "./testing/records.ts";
import { TemporaryFolder } from "./testing/temporary-folder.ts";
import { never } from "./testing/test-chain.ts";

const program = fileURLToPath(new URL("./testing/commit-until-full.ts", import.meta.url));

/** What a process that commits until the disk is full has acknowledged, and how it failed. */
interface Outcome {
  readonly acknowledged: string[];
  readonly failed: string[];
}

/** `makeRoom` is called after every failure, before the process goes on. */
async function commitIn(
  folder: string,
  before: string,
  makeRoom: (processId: number | undefined) => void,
): Promise<Outcome> {
  const script = `${before} exec "$0" "$@"`;
  const child = spawn("sh", ["-c", script, process.execPath, program, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const ended = once(child, "exit");
  const outcome: Outcome = { acknowledged: [], failed: [] };
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith("failed ")) outcome.acknowledged.push(line);
    else {
      outcome.failed.push(line);
      makeRoom(child.pid);
      child.stdin.write("\n");
    }
  }
  expect(await ended).toEqual([0, null]);
  return outcome;
}

/** Rounds and entries on the chain, opened anew. Commits one more round, and audits the chain. */
async function chainIn(folder: string): Promise<string[]> {
  const paths = chainPathsIn(folder);
  await using access = await ChainAccess.open({ kind: "embedded" }, paths, () => 1_750_000_000_000);
  const ledger = await access.ledger(never);
  const { runId } = recordOf("a", 1);
  const history = await ledger.history(runId, never);
  await ledger.commit(recordOf("a", history.length + 1), never);
  return history.map(({ record, entry }) => `${record.round} ${entry}`);
}

async function auditIn(folder: string): Promise<number> {
  const { chain: directory } = chainPathsIn(folder);
  const options = { directory, account: undefined, now: () => 0 };
  await using chain = await openEmbeddedChain(options);
  return (await chain.audit(never)).blocks;
}

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

test.skipIf(!works("prlimit", "--version"))(
  "a block that LevelDB could only begin to write costs no acknowledged one, and later ones are not lost",
  async () => {
    await using folder = await TemporaryFolder.make();
    // In KiB: the first log takes no more in the middle of a block; then there is room again.
    let limit = 50;
    const { acknowledged, failed } = await commitIn(
      folder.path,
      `ulimit -S -f ${limit * 2};`,
      (id) => {
        limit += 50;
        execFileSync("prlimit", ["--pid", `${id}`, `--fsize=${limit * 1024}:`]);
      },
    );
    expect(failed.length).toBeGreaterThan(1);
    for (const line of failed) expect(line).toMatch(/^failed unwritable: block \d+ could not be/);
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(await chainIn(folder.path)).toEqual(acknowledged);
    expect(await auditIn(folder.path)).toBe(acknowledged.length + 3);
  },
);

/** A disk of its own, so big, that can be made bigger. */
class SmallDisk implements AsyncDisposable {
  readonly path: string;

  constructor(path: string, kibibytes: number) {
    this.path = path;
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", path]);
  }

  grow(kibibytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${kibibytes}k`, this.path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync("umount", [this.path]);
  }
}

/** Only root may mount, and not in every container. */
async function canMount(): Promise<boolean> {
  await using folder = await TemporaryFolder.make();
  try {
    await using disk = new SmallDisk(folder.path, 100);
    return disk.path === folder.path;
  } catch {
    return false;
  }
}

test.skipIf(!(await canMount()))(
  "a disk that fills up costs no acknowledged block, and with more room the chain goes on",
  async () => {
    await using folder = await TemporaryFolder.make();
    let size = 300;
    await using disk = new SmallDisk(folder.path, size);
    const { acknowledged, failed } = await commitIn(disk.path, "", () => {
      size += 150;
      disk.grow(size);
    });
    expect(failed.length).toBeGreaterThan(1);
    expect(failed[0]).toMatch(
      /^failed unwritable: block \d+ could not be written: .*No space left/,
    );
    expect(acknowledged.length).toBeGreaterThan(10);
    disk.grow(size + 1_000);
    expect(await chainIn(disk.path)).toEqual(acknowledged);
    expect(await auditIn(disk.path)).toBe(acknowledged.length + 3);
  },
);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { seededRandom } from "@chorus/aggregation";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DataDirectory, openDataDirectory } from "./data-directory.ts";
import { canMount, SmallDisk } from "./testing/small-disk.ts";

const holder = fileURLToPath(new URL("./testing/lock-holder.ts", import.meta.url));

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "chorus-data-"));
  path = join(root, "federation", "data");
});

afterEach(() => rm(root, { recursive: true }));

function open(seed = "data-directory.test"): Promise<DataDirectory> {
  return openDataDirectory(path, { random: seededRandom(seed) });
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

test("a new data directory and its secrets are for their owner alone", async () => {
  await using directory = await open();
  const { paths, secrets } = directory;
  expect(modeOf(path)).toBe("700");
  for (const [file, secret] of [
    [paths.operatorToken, secrets.operatorToken],
    [paths.invitation, secrets.invitation],
  ] as const) {
    expect(modeOf(file)).toBe("600");
    expect(readFileSync(file, "utf8")).toBe(`${secret}\n`);
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  }
  expect(secrets.operatorToken).not.toBe(secrets.invitation);
});

test("the secrets stay the same when the directory is opened again", async () => {
  const { secrets } = await (async () => {
    await using first = await open("one seed");
    return first;
  })();
  await using again = await open("another seed");
  expect(again.secrets).toEqual(secrets);
});

test("printing a data directory shows no secret", async () => {
  await using directory = await open();
  const printed = `${inspect(directory, { depth: 9, showHidden: true })} ${JSON.stringify(directory)} ${directory}`;
  expect(printed).toContain(path);
  for (const secret of Object.values(directory.secrets)) expect(printed).not.toContain(secret);
});

test.for(["", "too short", "x".repeat(44)])(
  "a secret's file that holds %j is refused, not used",
  async (text) => {
    const { operatorToken } = await (async () => {
      await using directory = await open();
      return directory.paths;
    })();
    writeFileSync(operatorToken, text);
    const opened = open();
    await expect(opened).rejects.toMatchObject({ code: "damaged" });
    await expect(opened).rejects.toThrow(/operator-token has \d+ characters/);
    // Failing has let go of the lock.
    await rm(operatorToken);
    await using again = await open();
    expect(again.secrets.operatorToken).toHaveLength(43);
  },
);

test("a data directory that is open is refused to others, with the process that holds it", async () => {
  await using child = await spawnHolder();
  await expect(open()).rejects.toMatchObject({
    code: "locked",
    message: expect.stringContaining(`process ${child.pid}`),
  });
});

test("the lock of a process that was killed is taken over", async () => {
  {
    await using _killed = await spawnHolder();
  }
  await using directory = await open();
  expect(existsSync(directory.paths.invitation)).toBe(true);
});

/** Another process that has opened the directory; disposing kills it. */
async function spawnHolder(): Promise<AsyncDisposable & { readonly pid: number | undefined }> {
  const child = spawn(process.execPath, [holder, path], { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  if (child.stdout !== null) await once(child.stdout, "data");
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

test("a file in the way of the directory is named, with a remedy", async () => {
  writeFileSync(join(root, "federation"), "");
  await expect(open()).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringMatching(new RegExp(`cannot write to ${path}: ENOTDIR.*choose another`)),
  });
});

test.skipIf(process.seteuid === undefined || process.geteuid?.() !== 0)(
  "a directory of somebody else is named, with a remedy",
  async () => {
    await chmod(root, 0o755);
    process.seteuid?.(65534);
    try {
      await expect(open()).rejects.toMatchObject({
        code: "unwritable",
        message: expect.stringMatching(new RegExp(`cannot write to ${path}: EACCES.*permission`)),
      });
    } finally {
      process.seteuid?.(0);
    }
  },
);

test.skipIf(!canMount())("a read-only disk is named, with a remedy", async () => {
  using disk = new SmallDisk(1);
  path = join(disk.path, "data");
  const refused = () => ({
    code: "unwritable",
    message: expect.stringMatching(new RegExp(`cannot write to ${path}: EROFS.*mount it writable`)),
  });
  {
    await using _directory = await open();
  }
  disk.remount("ro");
  await expect(open()).rejects.toMatchObject(refused());
  path = join(disk.path, "new", "data");
  await expect(open()).rejects.toMatchObject(refused());
});

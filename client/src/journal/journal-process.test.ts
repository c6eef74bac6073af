import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Journal } from "./journal.ts";

const program = fileURLToPath(new URL("../testing/journal-writer.ts", import.meta.url));

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "journal-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A process that records answers in a folder for ever, after a command of the shell. */
function startWriter(folder: string, before = "") {
  const script = `${before} exec "$0" "$@"`;
  const child = spawn("sh", ["-c", script, process.execPath, program, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, lines: createInterface(child.stdout) };
}

async function expectBegun(folder: string, rounds: readonly string[]): Promise<void> {
  await using journal = await Journal.open(folder);
  expect(rounds.filter((round) => !journal.begun(round))).toEqual([]);
}

test("a process that is killed has every answer in its journal that it was told is durable", async () => {
  const folder = await temporaryFolder();
  const acknowledged: string[] = [];
  for (const kills of [1, 7, 30]) {
    const { child, lines } = startWriter(folder);
    const ended = once(child, "exit");
    let seen = 0;
    for await (const line of lines) {
      acknowledged.push(line);
      seen += 1;
      if (seen === kills) child.kill("SIGKILL");
    }
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expectBegun(folder, acknowledged);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(38);
});

test.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
  "a disk that takes half an answer is an error, and the journal goes on where it was once there is room",
  async () => {
    const folder = await temporaryFolder();
    const { child, lines } = startWriter(folder, "ulimit -S -f 2;");
    const acknowledged: string[] = [];
    const failed: string[] = [];
    for await (const line of lines) {
      if (line.startsWith("unwritable")) {
        failed.push(line);
        execFileSync("prlimit", ["--pid", `${child.pid}`, "--fsize=100000:"]);
        child.stdin.write("\n");
      } else acknowledged.push(line);
      if (acknowledged.length === 20) child.kill("SIGKILL");
    }
    expect(failed).toEqual([
      expect.stringMatching(/^unwritable cannot write the journal .*EFBIG.*wanted a folder with/),
    ]);
    await expectBegun(folder, acknowledged);
  },
);

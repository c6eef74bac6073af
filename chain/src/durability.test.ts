import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Address } from "viem";
import { expect, test } from "vitest";
import { hashOf } from "./testing/records.ts";
import { TemporaryFolder } from "./testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger } from "./testing/test-chain.ts";

const program = fileURLToPath(new URL("./testing/commit-until-killed.ts", import.meta.url));

/** Commits in a process that is killed as soon as it has acknowledged so many commits; returns these. */
async function acknowledgedBeforeKill(
  directory: string,
  address: Address,
  commits: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [program, directory, address], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === commits) child.kill("SIGKILL");
  }
  expect(await ended).toEqual([null, "SIGKILL"]);
  return lines;
}

test("every acknowledged commit is there after SIGKILL, and the chain passes its audit", async () => {
  await using folder = await TemporaryFolder.make();
  const address = await deployIn(folder.path);
  const acknowledged: string[] = [];
  for (const commits of [1, 4, 2, 7, 3]) {
    acknowledged.push(...(await acknowledgedBeforeKill(folder.path, address, commits)));
  }
  await using chain = await openTestChain(folder.path);
  const ledger = await openTestLedger(chain, address);
  const history = await ledger.history(hashOf("run a"), never);
  const lines = history.map(({ record, entry }) => `${record.round} ${entry}`);
  expect(acknowledged.length).toBeGreaterThanOrEqual(17);
  expect(lines).toEqual(expect.arrayContaining(acknowledged));
  expect(await chain.audit(never)).toEqual({ blocks: history.length + 2 });
});

async function deployIn(directory: string): Promise<Address> {
  await using chain = await openTestChain(directory);
  return (await openTestLedger(chain)).contractAddress;
}

import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "@chorus/coordinator";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { coordinatorChaos } from "./coordinator-chaos.ts";
import { violationsIn } from "./offline-check.ts";

/** Eight weights of four bytes. */
const modelBytes = 32;

test("a coordinator killed in a phase, at the end of one, and between store and chain completes its run exactly once", async () => {
  await using folder = await temporaryFolder();
  const points = [
    { phase: "training", delivered: 2, afterRounds: 1, delayMs: 0 },
    { phase: "collecting", delivered: 3, afterRounds: 0, delayMs: 0 },
    { phase: "unmasking", delivered: 4, afterRounds: 0, delayMs: 0 },
    { phase: "completed", delivered: 0, afterRounds: 0, delayMs: 0 },
  ];
  const result = await coordinatorChaos(folder.path, points, () => undefined);
  expect(result.violations).toEqual([]);
  expect(result.kills).toHaveLength(4);
  expect(result.kills[3]?.uncommitted).toBeGreaterThan(0);
  expect(result.ended).toBe("exit code 0");

  // The check itself: it must see a model that lacks updates.
  const { blobs } = pathsIn(result.directory);
  await writeFile(await anyModelIn(blobs), new Uint8Array(modelBytes));
  expect(await violationsIn(result.directory, result.runId)).toEqual([
    expect.stringMatching(/^every model holds each survivor's update once and nothing else: /),
    expect.stringMatching(/^a torn file: [0-9a-f]{64}$/),
  ]);
});

/** The file of a model, among those of transcripts. */
async function anyModelIn(blobs: string): Promise<string> {
  for (const name of await readdir(blobs, { recursive: true })) {
    const file = await stat(join(blobs, name));
    if (file.isFile() && file.size === modelBytes) return join(blobs, name);
  }
  throw new Error("there is no model");
}

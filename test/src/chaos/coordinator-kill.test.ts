import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "@chorus/coordinator";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { coordinatorChaos } from "./coordinator-chaos.ts";
import { violationsIn } from "./offline-check.ts";

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
  const [file] = (await readdir(blobs, { recursive: true })).filter((name) => name.length > 64);
  await writeFile(join(blobs, file ?? ""), new Uint8Array(32));
  expect(await violationsIn(result.directory, result.runId)).toEqual([
    expect.stringMatching(/^every model holds each survivor's update once and nothing else: /),
    expect.stringMatching(/^a torn file: [0-9a-f]{64}$/),
  ]);
});

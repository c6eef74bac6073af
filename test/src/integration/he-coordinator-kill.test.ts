import { join } from "node:path";
import { bytesToHex } from "@chorus/aggregation";
import { ModelStore } from "@chorus/client";
import { pino } from "pino";
import { expect, test } from "vitest";
import { ChaosFederation } from "../chaos/chaos-federation.ts";
import { temporaryFolder } from "../support/folder.ts";
import { patienceMs } from "../support/patience.ts";
import { encryption, testPlan } from "../support/plan.ts";

const names = [0, 1, 2, 3].map((place) => `site-${place}`);

test("a coordinator killed while participants open a sum loses nothing, and the round is repeated", {
  timeout: patienceMs,
}, async () => {
  await using folder = await temporaryFolder();
  await using federation = await ChaosFederation.start(folder.path);
  const plan = testPlan({ rounds: 2, participants: 4, protection: encryption });
  const { runId } = await federation.operator.startRun(plan);
  const opening = { phase: "opening", delivered: 2, afterRounds: 1, delayMs: 0 };
  expect(await federation.killAt(opening, runId)).toMatchObject({ round: 2 });
  await federation.restart();
  const { run, rounds } = await federation.operator.ended(runId);
  expect(await federation.finish(runId)).toBe("exit code 0");

  expect(rounds).toMatchObject([
    { attempts: 1, survivors: 4 },
    { attempts: 2, survivors: 4 },
  ]);
  const stores = names.map((name) =>
    ModelStore.open(join(folder.path, name), pino({ enabled: false })),
  );
  const modelHash = bytesToHex(run?.modelHash ?? new Uint8Array(), 32);
  const kept = (await Promise.all(stores)).map((store) => store.latest(bytesToHex(runId, 32)));
  expect(kept).toMatchObject(names.map(() => ({ round: 2, modelHash })));
});

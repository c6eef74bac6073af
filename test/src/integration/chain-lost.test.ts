import { rm } from "node:fs/promises";
import { bytesToHex } from "@chorus/aggregation";
import { pathsIn } from "@chorus/coordinator";
import { describe, expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";

/** A data directory whose store has a round that is on the chain. */
async function committedRound(folder: string): Promise<string> {
  const directory = `${folder}/coordinator`;
  await using coordinator = await startTestCoordinator(directory);
  await using _participants = startParticipants(coordinator, folder, unitParticipants(3));
  using operator = await TestOperator.connect(coordinator);
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 3 }));
  const committed = { runId: bytesToHex(runId, 32), round: 1 };
  await coordinator.log.entry("round committed to the chain", committed);
  return directory;
}

describe.concurrent("a coordinator does not start, nor begin another history, where committed rounds", () => {
  test(
    "have lost their chain",
    async () => {
      await using folder = await temporaryFolder();
      const directory = await committedRound(folder.path);
      await rm(pathsIn(directory).chain, { recursive: true });

      await expect(startTestCoordinator(directory)).rejects.toThrow("there is no chain");
    },
    patienceMs,
  );

  test(
    "have lost their chain and the note of its contract",
    async () => {
      await using folder = await temporaryFolder();
      const directory = await committedRound(folder.path);
      const { chain, contract } = pathsIn(directory);
      await rm(chain, { recursive: true });
      await rm(contract);

      await expect(startTestCoordinator(directory)).rejects.toThrow(
        /round 1 of run [0-9a-f]{64} was committed/,
      );
    },
    patienceMs,
  );
});

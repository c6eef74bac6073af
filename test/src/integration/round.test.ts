import { bytesToHex } from "@chorus/aggregation";
import { RunStatus } from "@chorus/proto/v1/operator";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { testPlan } from "../support/plan.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

test("five participants complete three rounds over gRPC, and every round is on the chain", async () => {
  await using folder = await temporaryFolder();
  await using coordinator = await startTestCoordinator(`${folder.path}/coordinator`);
  await using _participants = startParticipants(coordinator, folder.path, unitParticipants(5));
  using operator = await TestOperator.connect(coordinator);
  const { runId } = await operator.startRun(testPlan({ rounds: 3, participants: 5 }));
  await operator.ended(runId);
  const inRun = { runId: bytesToHex(runId, 32) };
  await coordinator.log.entry("round committed to the chain", { ...inRun, round: 3 });
  const { run, rounds } = await operator.getRun(runId);
  expect(run?.status).toBe(RunStatus.COMPLETED);
  expect(rounds.map(({ round, survivors, attempts }) => ({ round, survivors, attempts }))).toEqual(
    [1, 2, 3].map((round) => ({ round, survivors: 5, attempts: 1 })),
  );
  expect(rounds.every(({ ledgerEntry }) => ledgerEntry !== undefined)).toBe(true);
  expect(rounds[0]?.parentModelHash).toEqual(run?.initialModelHash);
  expect(rounds[2]?.modelHash).toEqual(run?.modelHash);
  expect(survivorsOf(await operator.models(runId))).toEqual(Array(3).fill([0, 1, 2, 3, 4]));
});

import { RunStatus } from "@chorus/proto/v1/operator";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startUnitParticipants } from "../support/participants.ts";
import { testPlan } from "../support/plan.ts";

test("five participants complete three rounds over gRPC, and every round is on the chain", async () => {
  await using folder = await temporaryFolder();
  await using coordinator = await startTestCoordinator(`${folder.path}/coordinator`);
  await using _participants = startUnitParticipants(coordinator, folder.path, 5);
  using operator = await TestOperator.connect(coordinator);
  const run = await operator.startRun(testPlan({ rounds: 3, participants: 5 }));
  const { run: ended, rounds } = await operator.finished(run.runId);
  expect(ended?.status).toBe(RunStatus.COMPLETED);
  expect(rounds.map(({ round, survivors, attempts }) => ({ round, survivors, attempts }))).toEqual(
    [1, 2, 3].map((round) => ({ round, survivors: 5, attempts: 1 })),
  );
  expect(rounds[0]?.parentModelHash).toEqual(ended?.initialModelHash);
  expect(rounds[2]?.modelHash).toEqual(ended?.modelHash);
});

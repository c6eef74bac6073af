import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { Relay } from "../support/relay.ts";

test("a network that falls silent in a round is noticed on both sides, and the run completes with everybody", {
  timeout: patienceMs,
}, async () => {
  await using folder = await temporaryFolder();
  await using coordinator = await startTestCoordinator(join(folder.path, "coordinator"));
  using operator = await TestOperator.connect(coordinator);
  await using relay = await Relay.open();
  relay.target = coordinator.grpcPort;
  const { invitationFile } = coordinator;
  const address = { grpcPort: relay.port, invitationFile };
  await using participants = startParticipants(address, folder.path, unitParticipants(3));
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 3 }));
  await operator.event(
    runId,
    ({ $case, value }) => $case === "progress" && value.phase === "training",
  );
  relay.pullCable();
  for (const participant of ["site-0", "site-1", "site-2"]) {
    await coordinator.log.entry("participant disconnected", { participant });
    await participants.log.entry("the coordinator is back", { participant });
  }
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ round: 1, survivors: 3 }]);
});

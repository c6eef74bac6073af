import { expect, test } from "vitest";
import { askForKeys } from "./testing/masked-round.ts";
import { RunningParticipant } from "./testing/running-participant.ts";
import { ScriptedCoordinator } from "./testing/scripted-coordinator.ts";
import { ended, serve, train } from "./testing/tiny-round.ts";

test("the end of another round changes nothing in the present one", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.download = serve();
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  coordinator.tell(train());
  await participant.says("trained");
  coordinator.tell(ended("too few", "02".repeat(32)));
  coordinator.tell(askForKeys(coordinator));
  await coordinator.answers.next("advertiseKeys");
  expect(participant.sentences()).not.toContain("the round was abandoned");
});

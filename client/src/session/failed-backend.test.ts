import { hexToBytes } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { ClientError, type ClientErrorCode } from "../error.ts";
import { FakeTrainer } from "../testing/fake-trainer.ts";
import { RunningParticipant } from "../testing/running-participant.ts";
import { ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { LAYOUT, serve, train } from "../testing/tiny-round.ts";
import type { LocalUpdate } from "../trainer.ts";

/** Training that fails. */
class FailingTrainer extends FakeTrainer {
  readonly #code: ClientErrorCode;

  constructor(code: ClientErrorCode) {
    super(new Float32Array(LAYOUT.parameters));
    this.#code = code;
  }

  override train(): Promise<LocalUpdate> {
    return Promise.reject(new ClientError(this.#code, "nothing comes of it"));
  }
}

/** How many trainers are built, and the first of them, where it fails with the code and there is a next round. */
async function afterFailure(code: ClientErrorCode): Promise<{ built: number; first: FakeTrainer }> {
  const first = new FailingTrainer(code);
  let built = 0;
  const createTrainer = async () =>
    built++ === 0 ? first : new FakeTrainer(new Float32Array(LAYOUT.parameters));
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.download = serve();
  await using participant = await RunningParticipant.start({
    coordinator: coordinator.address,
    createTrainer,
  });
  await coordinator.nextFollower();
  coordinator.tell(train());
  expect((await coordinator.answers.next("leaveRound")).request.reason).toBe(code);
  coordinator.tell(train({ roundId: hexToBytes("02".repeat(32), 32) }));
  await coordinator.answers.next(code === "backend-failed" ? "reportTrained" : "leaveRound");
  participant.stop();
  await participant.stopped;
  return { built, first };
}

test("a trainer whose device was lost is let go, and the next round trains on another", async () => {
  const { built, first } = await afterFailure("backend-failed");
  expect(built).toBe(2);
  expect(first.isDisposed).toBe(true);
});

test("a participant with nothing left that trains leaves the round, and ends with the reason", async () => {
  const error = new ClientError("no-backend", "nothing is left here that trains");
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.download = serve();
  const participant = await RunningParticipant.start({
    coordinator: coordinator.address,
    createTrainer: () => Promise.reject(error),
  });
  await coordinator.nextFollower();
  coordinator.tell(train());
  expect((await coordinator.answers.next("leaveRound")).request.reason).toBe("no-backend");
  await expect(participant.stopped).rejects.toBe(error);
});

test("a trainer that diverged is kept, and reads no data again", async () => {
  expect((await afterFailure("diverged")).built).toBe(1);
});

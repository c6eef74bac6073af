import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { GatedTrainer } from "./testing/fake-trainer.ts";
import { RunningParticipant } from "./testing/running-participant.ts";
import { ScriptedCoordinator } from "./testing/scripted-coordinator.ts";
import { invitation, serve, train } from "./testing/tiny-round.ts";

test("a coordinator that restarts finds its participant back, and the log says so once", async () => {
  const first = await ScriptedCoordinator.start();
  await using restarts = new AsyncDisposableStack();
  await using participant = await RunningParticipant.start({ coordinator: first.address });
  await first.nextFollower();
  first.crash();
  await participant.says("the coordinator is still away");
  const second = restarts.use(await ScriptedCoordinator.start(first.port));
  await second.nextFollower();
  await participant.says("the coordinator is back");
  expect(participant.sentences()).toEqual([
    "checked in",
    "the coordinator is away, trying again until it is back",
    "the coordinator is back",
  ]);
});

test("a participant that starts before its coordinator waits for it", async () => {
  const early = await ScriptedCoordinator.start();
  const { address, port } = early;
  await early[Symbol.asyncDispose]();
  await using restarts = new AsyncDisposableStack();
  await using participant = await RunningParticipant.start({ coordinator: address });
  await participant.says("the coordinator is still away");
  const coordinator = restarts.use(await ScriptedCoordinator.start(port));
  await coordinator.nextFollower();
  await participant.says("checked in");
  expect(participant.sentences()).toEqual([
    "the coordinator is not there yet, trying until it is",
    "checked in",
  ]);
});

test("no wait before the n-th attempt is longer than 0.5 s doubled n times", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  const away = { code: status.UNAVAILABLE, details: "starting" };
  coordinator.refusals.push(...Array(12).fill(away));
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  const waits = participant.time.shortWaits;
  expect(waits).toHaveLength(12);
  for (const [n, ms] of waits.entries()) expect(ms).toBeLessThan(Math.min(500 * 2 ** n, 30_000));
});

test("a participant whose streams end at once waits longer and longer, one that was steady does not", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  for (let time = 0; time < 12; time++) {
    await coordinator.nextFollower();
    coordinator.hangUp();
  }
  await coordinator.nextFollower();
  expect(Math.max(...participant.time.shortWaits)).toBeGreaterThan(500);
  participant.time.elapse(30_000);
  await new Promise(setImmediate);
  coordinator.hangUp();
  await coordinator.nextFollower();
  expect(participant.time.shortWaits.at(-1)).toBeLessThan(500);
});

test("of two processes with one identity the second gives up and says why, and the first notices nothing", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  const { address } = coordinator;
  await using first = await RunningParticipant.start({ coordinator: address });
  const participantId = await coordinator.nextFollower();
  const second = await RunningParticipant.start({ coordinator: address });
  await expect(second.stopped).rejects.toMatchObject({
    code: "identity-in-use",
    message: expect.stringContaining(
      `this identity is in use elsewhere (participant ${participantId})`,
    ),
  });
  const { shortWaits } = second.time;
  expect(shortWaits.reduce((sum, ms) => sum + ms)).toBeGreaterThan(7_000);
  expect(second.sentences()).toEqual([
    "this identity is in use elsewhere, trying until it is free",
  ]);
  expect(first.sentences()).toEqual(["checked in"]);
});

test("an identity that becomes free is taken by who waited for it", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  const { address } = coordinator;
  const first = await RunningParticipant.start({ coordinator: address });
  await coordinator.nextFollower();
  await using second = await RunningParticipant.start({ coordinator: address });
  await second.says("this identity is in use elsewhere, trying until it is free");
  await first[Symbol.asyncDispose]();
  await coordinator.nextFollower();
  await second.says("checked in");
});

test("an answer that meets a coordinator without its session is sent again in a new one", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using _ = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  coordinator.forgetSessions();
  coordinator.tell(invitation());
  await coordinator.nextFollower();
  await coordinator.answers.next("acceptRound");
  expect(coordinator.checkIns).toHaveLength(2);
});

test.each([
  ["PERMISSION_DENIED", status.PERMISSION_DENIED],
  ["INVALID_ARGUMENT", status.INVALID_ARGUMENT],
])(
  "a check-in refused with %s ends the participant with the coordinator's words",
  async (_, code) => {
    await using coordinator = await ScriptedCoordinator.start();
    coordinator.refusals.push({ code, details: "the name north is taken" });
    const participant = await RunningParticipant.start({ coordinator: coordinator.address });
    await expect(participant.stopped).rejects.toMatchObject({
      name: "ClientError",
      code: "refused",
      message: expect.stringContaining("the name north is taken"),
    });
  },
);

test("the invitation goes from its file to the coordinator, and without a file none does", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  const directory = await mkdtemp(join(tmpdir(), "invitation-"));
  const invitationFile = join(directory, "invitation");
  await writeFile(invitationFile, "welcome-to-the-federation\n");
  const { address } = coordinator;
  await using _invited = await RunningParticipant.start({ coordinator: address, invitationFile });
  await coordinator.nextFollower();
  await using _uninvited = await RunningParticipant.start({ coordinator: address, name: "other" });
  await coordinator.nextFollower();
  await rm(directory, { recursive: true });
  const invitations = coordinator.checkIns.map(({ invitation }) => invitation);
  expect(invitations).toEqual(["welcome-to-the-federation", ""]);
});

test("an invitation file that is not there is an error that names it, before anything is dialled", async () => {
  const options = { coordinator: "127.0.0.1:1", invitationFile: "no-such-invitation" };
  const participant = await RunningParticipant.start(options);
  await expect(participant.stopped).rejects.toMatchObject({
    code: "unreadable",
    message: expect.stringContaining("no-such-invitation"),
  });
});

test("a participant that is told to stop while it follows leaves no call open", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  participant.stop();
  await participant.stopped;
});

test("a participant that is told to stop while it trains aborts the training and leaves no call open", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  const trainer = new GatedTrainer(new Float32Array());
  const { address } = coordinator;
  await using participant = await RunningParticipant.start({ coordinator: address, trainer });
  await coordinator.nextFollower();
  coordinator.download = serve();
  coordinator.tell(train());
  await trainer.begun.promise;
  participant.stop();
  await participant.stopped;
  expect(trainer.isDisposed).toBe(true);
});

test("a participant that is told to stop in the middle of a download leaves no call open", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  const downloading = Promise.withResolvers<void>();
  coordinator.download = () => downloading.resolve();
  coordinator.tell(train());
  await downloading.promise;
  participant.stop();
  await participant.stopped;
});

test("a participant that is told to stop while it cannot reach anybody stops", async () => {
  await using participant = await RunningParticipant.start({ coordinator: "127.0.0.1:1" });
  await participant.says("the coordinator is still away");
  participant.stop();
  await participant.stopped;
});

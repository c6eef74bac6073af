import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSum, type MaskedRoundConfig } from "@chorus/aggregation";
import { status } from "@grpc/grpc-js";
import { getBackend } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { FakeTrainer } from "./testing/fake-trainer.ts";
import { MaskedRound } from "./testing/masked-round.ts";
import { publish, stepOf, transcriptBytes } from "./testing/published.ts";
import { type RunningOptions, RunningParticipant } from "./testing/running-participant.ts";
import { ScriptedCoordinator } from "./testing/scripted-coordinator.ts";
import { ended, LAYOUT, ROUND_ID, serve, train } from "./testing/tiny-round.ts";

/** The i-th unit vector: a lost or doubled update shows in the sum. */
function unitVector(i: number): Float32Array {
  return new Float32Array(LAYOUT.parameters).fill(1, i, i + 1);
}

/** Three participants that have checked in; the i-th trains the i-th unit vector. */
async function startCohort(
  coordinator: ScriptedCoordinator,
  stack: AsyncDisposableStack,
): Promise<RunningParticipant[]> {
  const participants = [];
  for (const i of [0, 1, 2]) {
    const participant = await RunningParticipant.start({
      coordinator: coordinator.address,
      name: `site ${i}`,
      trainer: new FakeTrainer(unitVector(i)),
    });
    participants.push(stack.use(participant));
    await coordinator.nextFollower();
  }
  coordinator.download = serve();
  return participants;
}

function expectEveryUpdateOnce({
  sum,
  config,
}: {
  sum: Uint32Array;
  config: MaskedRoundConfig;
}): void {
  const { meanDelta, counts } = decodeSum(sum, 3, config);
  // Rounding moves each of three values by less than 2^-scaleBits, and every weight is 1/2.
  const tolerance = 2 * 2 ** -config.scaleBits;
  for (const [i, value] of meanDelta.entries())
    expect(Math.abs(value - (i < 3 ? 1 / 3 : 0))).toBeLessThan(tolerance);
  expect(counts).toEqual({
    trainingExamples: 150,
    evaluationExamples: 30,
    evaluationCorrect: 12,
    evaluationLossMillis: 45_000,
  });
}

test("a round ends with each participant's update once in the sum", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  const [first] = await startCohort(coordinator, stack);
  const round = new MaskedRound(coordinator);
  const opened = await round.run();
  expectEveryUpdateOnce(opened);
  await first?.says("revealed shares");
  coordinator.publish = publish(transcriptBytes(opened));
  const { hash } = stepOf(opened);
  for (const { participantId } of opened.config.cohort)
    coordinator.tell(ended("", ROUND_ID, hash), participantId);
  await first?.says("verified the sum of the round");
  expect(first?.sentences()).toEqual([
    "checked in",
    "accepted the round",
    "trained",
    "advertised keys",
    "shared keys",
    "uploaded the masked update",
    "confirmed the survivors",
    "revealed shares",
    "the round was completed",
    "verified the sum of the round",
  ]);
});

test("an instruction that comes again is answered with the same bytes at every step", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  const participants = await startCohort(coordinator, stack);
  const everybodySays = (sentence: string) =>
    Promise.all(participants.map((participant) => participant.says(sentence)));
  const round = new MaskedRound(coordinator, everybodySays);
  expectEveryUpdateOnce(await round.run());
});

test("an upload whose receipt was lost is sent again from its first byte, and counts once", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  await startCohort(coordinator, stack);
  const { answers } = coordinator;
  answers.refuseNext("submitUpdate", { code: status.UNAVAILABLE, details: "connection reset" });
  const round = new MaskedRound(coordinator);
  expectEveryUpdateOnce(await round.run());
  const uploads = answers.heard("submitUpdate");
  const again = uploads.filter(({ participantId }) => participantId === uploads[0]?.participantId);
  expect(uploads).toHaveLength(4);
  expect(again.map(({ bytes }) => bytes)).toEqual([uploads[0]?.bytes, uploads[0]?.bytes]);
});

/** A site with a file of 30 examples, and its check-in, once it has trained on them. */
async function trainOnFile(
  coordinator: ScriptedCoordinator,
  stack: AsyncDisposableStack,
  options: Partial<RunningOptions>,
): Promise<RunningParticipant> {
  const directory = await mkdtemp(join(tmpdir(), "data-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const dataPath = join(directory, "site.csv");
  const rows = Array.from({ length: 30 }, (_, i) => `${i},1,0,2,${"xyz"[i % 3]}`);
  await writeFile(dataPath, ["a,b,c,d,kind", ...rows].join("\n"));
  await writeFile(join(directory, "left.examples-spool"), "");
  coordinator.download = serve();
  const site = { coordinator: coordinator.address, dataPath, directory, ...options };
  const participant = stack.use(await RunningParticipant.start(site));
  await coordinator.nextFollower();
  coordinator.tell(train());
  await participant.says("trained");
  return participant;
}

test("a participant that is given no other trainer trains on its file with TensorFlow.js, and removes what a crash left of examples", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  const participant = await trainOnFile(coordinator, stack, {});
  expect(await readdir(participant.directory)).not.toContain("left.examples-spool");
  expect(coordinator.checkIns[0]?.capabilities?.backend).toBe("wasm");
  const trained = participant.log.find(({ msg }) => msg === "trained");
  expect(trained).toMatchObject({ examples: 27, meanLoss: expect.any(Number) });
});

test("a participant trains on the backend that it is told", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  await trainOnFile(coordinator, stack, { backend: "cpu" });
  expect(coordinator.checkIns[0]?.capabilities?.backend).toBe("cpu");
  expect(getBackend()).toBe("cpu");
});

test("data that are not there are an error that names them and says what was wanted, before anything is dialled", async () => {
  const options = { coordinator: "127.0.0.1:1", dataPath: "no-such-data" };
  const participant = await RunningParticipant.start(options);
  await expect(participant.stopped).rejects.toMatchObject({
    code: "unreadable",
    message: expect.stringMatching(
      /no-such-data: ENOENT.*wanted a CSV or NDJSON file, or a folder with images/,
    ),
  });
  expect(participant.log).toEqual([]);
});

test("the log of a whole round holds neither an identity's seed nor a session's token", async () => {
  await using coordinator = await ScriptedCoordinator.start();
  await using stack = new AsyncDisposableStack();
  const participants = await startCohort(coordinator, stack);
  await new MaskedRound(coordinator).run();
  const log = JSON.stringify(participants.map((participant) => participant.log));
  const seeds = await Promise.all(
    participants.map(({ directory }) => readFile(join(directory, "identity"), "utf8")),
  );
  const secrets = [...seeds.map((seed) => seed.trim()), ...coordinator.tokens];
  const leaked = (text: string) => secrets.filter((secret) => text.includes(secret));
  expect(leaked(log)).toEqual([]);
  // Control: the search finds every one of them where it is.
  expect(leaked(`${log} ${secrets.join()}`)).toHaveLength(6);
});

import { setImmediate } from "node:timers/promises";
import { verifyReports } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { EncryptedRoundStage } from "../testing/encrypted-round-stage.ts";
import { CommittingReported } from "./ended.ts";
import type { Instruction } from "./instruction.ts";
import type { EndedRound } from "./round.ts";

const strategy = { kind: "fedavgm", learningRate: 1, momentum: 0.9 } as const;

function reported(ended: EndedRound): CommittingReported {
  if (ended instanceof CommittingReported) return ended;
  throw new Error(ended.phase === "abandoned" ? ended.reason : "the coordinator has the model");
}

/** Whoever survived shows as 1 / survivors at its place of the model's move, up to the rounding to 15 bits. */
function expectMean(stage: EncryptedRoundStage, ended: CommittingReported): void {
  const survivors = stage.puppets.filter(({ id }) => ended.survivors.has(id));
  const [first] = survivors.flatMap(({ models }) => models.get(ended.modelHash) ?? []);
  const moves = stage.parent.map((value, place) => (first?.model[place] ?? Number.NaN) - value);
  for (const [place, move] of moves.entries()) {
    const wanted = survivors.some((one) => one.place === place) ? 1 / survivors.length : 0;
    expect(Math.abs(move - wanted)).toBeLessThan(1e-3);
  }
}

test("an encrypted round in which everybody answers commits the model that all survivors made of the sum", async () => {
  await using stage = new EncryptedRoundStage("all", { size: 4, strategy });
  const { line } = stage.puppet(0);
  const { upload } = line;
  // Said twice at once, as after an interruption: it counts once.
  line.upload = async (...update) => {
    await Promise.all([upload.apply(line, update), upload.apply(line, update)]);
  };
  const ended = reported(await stage.play());
  expect(stage.refusals).toEqual([]);
  expect(ended.survivors.size).toBe(4);
  expect(ended.counts).toMatchObject({ trainingExamples: 4, evaluationExamples: 4 });
  expect(ended.stateHash).toMatch(/^[0-9a-f]{64}$/);
  expectMean(stage, ended);
  const { modelHash, stateHash, reports } = verifyReports(ended.transcript, {});
  expect([modelHash, stateHash, reports]).toEqual([ended.modelHash, ended.stateHash, 4]);
});

test.each<[Instruction["kind"], number]>([
  ["share-keys", 4],
  ["upload", 4],
  ["open-sum", 5],
])(
  "an encrypted round that loses somebody at %s commits the mean of the other or all %d survivors",
  async (kind, survivors) => {
    await using stage = new EncryptedRoundStage(`lost at ${kind}`, { size: 5 });
    stage.act = (puppet, instruction) =>
      puppet.place === 2 && instruction.kind === kind ? "restarted" : "answer";
    const ended = reported(await stage.play());
    expect(ended.survivors.size).toBe(survivors);
    expectMean(stage, ended);
  },
);

test("a round in which one of five makes another model commits what the others made, with their reports", async () => {
  await using stage = new EncryptedRoundStage("one other", { size: 5 });
  stage.puppet(1).spoilReport = (made) => ({ ...made, modelHash: "c".repeat(64) });
  const ended = reported(await stage.play());
  expectMean(stage, ended);
  const reporters = ended.transcript.reports.map(({ participantId }) => participantId);
  expect(reporters).toHaveLength(4);
  expect(reporters).not.toContain(stage.puppet(1).id);
});

test("one report that is unlike the others does not end opening at the soft deadline while two stragglers can still agree", async () => {
  await using stage = new EncryptedRoundStage("fast liar", { size: 5 });
  stage.puppet(0).spoilReport = (made) => ({ ...made, modelHash: "c".repeat(64) });
  const isStraggler = (place: number) => place > 2;
  stage.act = ({ place }, { kind }) =>
    kind === "open-sum" && isStraggler(place) ? "ignore" : "answer";
  const opened = () => {
    const { round } = stage.active;
    return round.phase === "opening" ? round.delivered.size : 0;
  };
  await stage.until(() => opened() === 3);
  stage.clock.advance(1_000);
  for (let turns = 0; turns < 5; turns++) await setImmediate();
  for (const straggler of stage.puppets.filter(({ place }) => isStraggler(place)))
    await straggler.line.report(stage.active, await straggler.reportOn(stage.active));
  const ended = reported(await stage.play());
  expect(ended.transcript.reports).toHaveLength(4);
});

test("opening ends as soon as the reports that differ leave too few others, without waiting for them", async () => {
  await using stage = new EncryptedRoundStage("two liars", { size: 4 });
  for (const place of [0, 1])
    stage.puppet(place).spoilReport = (made) => ({ ...made, modelHash: `${place}`.repeat(64) });
  stage.act = ({ place }, { kind }) => (kind === "open-sum" && place > 2 ? "ignore" : "answer");
  await stage.until(() => stage.active.round.phase === "abandoned");
  expect(await stage.ended).toMatchObject({
    reason: "no-agreement: reports that are equal: 1 + 1 + 1; wanted 3 or more",
  });
});

test("a round in which too few report the same model, state and counts is abandoned, and says how many did", async () => {
  await using stage = new EncryptedRoundStage("no agreement", { size: 5 });
  const other = "c".repeat(64);
  stage.puppet(0).spoilReport = (made) => ({ ...made, modelHash: other });
  stage.puppet(1).spoilReport = (made) => ({ ...made, stateHash: other });
  stage.puppet(2).spoilReport = (made) => ({
    ...made,
    counts: { ...made.counts, trainingExamples: 1 },
  });
  expect(await stage.play()).toMatchObject({
    phase: "abandoned",
    reason: "no-agreement: reports that are equal: 1 + 1 + 1 + 1; wanted 3 or more",
  });
});

test("a round whose sum too few can open is abandoned with their codes", async () => {
  await using stage = new EncryptedRoundStage("wrong sum", { size: 4 });
  stage.act = ({ place }, { kind }) => {
    if (kind !== "open-sum" || place < 2) return "answer";
    return place === 2 ? "cipher-failed" : "wrong-sum";
  };
  expect(await stage.play()).toMatchObject({
    phase: "abandoned",
    reason: expect.stringMatching(
      /^too few reported a model: [012] of 4, wanted 3; left with cipher-failed \(1\), wrong-sum \(1\)$/,
    ),
  });
});

test("who encrypts other values than it committed to makes participants leave that find it, and the round is abandoned", async () => {
  await using stage = new EncryptedRoundStage("liar", { size: 4 });
  const liar = stage.puppet(0);
  const { committer } = liar;
  liar.committer = {
    commit: (words, randomness) => committer.commit(words.with(0, 7), randomness),
  };
  expect(await stage.play()).toMatchObject({
    reason: "too few reported a model: 0 of 4, wanted 3; left with wrong-sum (2)",
  });
});

test("an update that began in time is not taken and is no evidence when the sum is closed while it is checked", async () => {
  await using stage = new EncryptedRoundStage("checked too late", { size: 4 });
  const { line } = stage.puppet(3);
  const { upload } = line;
  const begun: (() => Promise<void>)[] = [];
  line.upload = async (...update) => void begun.push(() => upload.apply(line, update));
  await stage.until(() => {
    const { round } = stage.active;
    return round.phase === "collecting" && round.delivered.size === 3 && begun.length === 1;
  });
  const refused = expect(begun[0]?.()).rejects.toMatchObject({ code: "wrong-phase" });
  stage.clock.advance(1_000);
  await refused;
  expect(stage.active.evidence).toEqual([]);
  expect(reported(await stage.play()).survivors.size).toBe(3);
});

test("a second report that differs is refused and kept as evidence, one that comes late is refused", async () => {
  await using stage = new EncryptedRoundStage("reports", { size: 4, policy: { quorum: 3 } });
  const first = stage.puppet(0);
  stage.act = ({ place }, { kind }) => (kind === "open-sum" && place === 3 ? "ignore" : "answer");
  await stage.until(() => {
    const { round } = stage.active;
    return round.phase === "opening" && round.delivered.size === 3;
  });
  await first.line.report(stage.active, await first.reportOn(stage.active));
  expect(stage.active.evidence).toEqual([]);
  first.spoilReport = (made) => ({ ...made, modelHash: "c".repeat(64) });
  await expect(
    first.line.report(stage.active, await first.reportOn(stage.active)),
  ).rejects.toMatchObject({ code: "contradictory-message" });
  expect(stage.active.evidence).toMatchObject([
    { participantId: first.id, kind: "contradiction", step: "opening", refusals: 1 },
  ]);
  const late = await stage.puppet(3).reportOn(stage.active);
  stage.clock.advance(1_000);
  reported(await stage.play());
  await expect(stage.puppet(3).line.report(stage.active, late)).rejects.toMatchObject({
    code: "wrong-phase",
  });
});

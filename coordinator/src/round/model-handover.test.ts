import { setImmediate } from "node:timers/promises";
import { ModelRequestKeys } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import { EncryptedRoundStage } from "../testing/encrypted-round-stage.ts";
import { CommittingReported } from "./ended.ts";
import { bindingOf } from "./model-handover.ts";

/** What each puppet was told to train with, in order: "place", "place asks" with requests, "place gets" with a handover. */
function trainings({ sent }: EncryptedRoundStage): readonly string[] {
  return sent.flatMap(({ place, instruction }) => {
    if (instruction.kind !== "train") return [];
    const asks =
      instruction.modelRequests.length > 0
        ? ` hands over to ${instruction.modelRequests.length}`
        : "";
    return `${place}${asks}${instruction.handover === undefined ? "" : " gets it"}`;
  });
}

const isOver = ({ active }: EncryptedRoundStage) =>
  !["selecting", "training"].includes(active.round.phase);

test("one of those who have the model hands it over, sealed, before those who asked are told to train, and all commit the next one", async () => {
  await using stage = new EncryptedRoundStage("handover", { size: 4, lacking: [1, 3] });
  const ended = await stage.play();
  if (!(ended instanceof CommittingReported)) throw new Error("the round has no reports");
  expect(trainings(stage)).toEqual(["0 hands over to 2", "2", "1 gets it", "3 gets it"]);
  for (const { models } of stage.puppets) {
    expect(models.get(stage.parentHash)?.model).toEqual(stage.parent);
    expect(models.has(ended.modelHash)).toBe(true);
  }
  expect(ended.transcript.reports).toHaveLength(4);
});

test("a giver that leaves before it has handed over leaves it to the next, also when that one has trained", async () => {
  await using stage = new EncryptedRoundStage("givers", {
    size: 5,
    lacking: [1],
    policy: { quorum: 3 },
  });
  stage.act = ({ place }, { kind }) => (kind === "train" && place === 0 ? "ignore" : "answer");
  await stage.until(() => {
    const { round } = stage.active;
    return round.phase === "training" && round.delivered.size === 3;
  });
  expect(stage.active.instructionFor(stage.puppet(1).id)).toBeUndefined();
  stage.active.leave(stage.puppet(0).id, "restarted");
  expect(stage.active.instructionFor(stage.puppet(2).id)).toMatchObject({
    kind: "train",
    modelRequests: [{ participantId: stage.puppet(1).id }],
  });
  await stage.until(() => isOver(stage));
  expect(trainings(stage)).toEqual([
    "0 hands over to 1",
    "2",
    "3",
    "4",
    "2 hands over to 1",
    "1 gets it",
  ]);
  expect(stage.refusals).toEqual([]);
});

test("a round whose model nobody has is abandoned, and says so", async () => {
  await using stage = new EncryptedRoundStage("nobody", { size: 3, lacking: [0, 1, 2] });
  expect(await stage.play()).toMatchObject({
    phase: "abandoned",
    reason:
      "nobody has the model of round 1: all 3 that accepted asked for it; restore the state directory of one that had it, or stop the run",
  });
});

test("a round is abandoned as soon as the last who has the model leaves, and says so", async () => {
  await using stage = new EncryptedRoundStage("last", { size: 3, lacking: [1, 2] });
  stage.act = ({ place }, { kind }) => (kind === "train" && place === 0 ? "diverged" : "answer");
  expect(await stage.play()).toMatchObject({
    phase: "abandoned",
    reason: "nobody is left who has the model of round 1",
  });
});

test("a round that waits for a giver goes on at the soft deadline with those who have the model", async () => {
  await using stage = new EncryptedRoundStage("silent giver", { size: 5, lacking: [4] });
  stage.act = ({ place }, { kind }) => (kind === "train" && place === 0 ? "ignore" : "answer");
  await stage.until(() => {
    const { round } = stage.active;
    return round.phase === "training" && round.delivered.size === 3;
  });
  stage.clock.advance(1_000);
  await stage.until(() => isOver(stage));
  expect(stage.active.round.phase).toBe("advertising-keys");
});

test("a giver that says nothing has the exchange's soft deadline, then the next one is asked; the last one has the hard one", async () => {
  await using stage = new EncryptedRoundStage("silent givers", {
    size: 4,
    lacking: [2, 3],
    policy: {
      softDeadlineMs: { training: 50_000, exchange: 1_000 },
      hardDeadlineMs: { training: 60_000, exchange: 5_000 },
    },
  });
  const { active } = stage;
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 6);
  const pass = async (ms: number) => {
    stage.clock.advance(ms);
    for (let turns = 0; turns < 5; turns++) await setImmediate();
  };
  await pass(999);
  expect(trainings(stage)).toEqual(["0 hands over to 2", "1"]);
  await pass(1);
  expect(trainings(stage)).toEqual(["0 hands over to 2", "1", "1 hands over to 2"]);
  expect(active.doubts.map(({ text }) => text)).toEqual(["puppet-0 has not handed the model over"]);
  await pass(4_999);
  expect(active.round.phase).toBe("training");
  await pass(1);
  expect(await stage.ended).toMatchObject({
    reason: "nobody has handed over the model of round 1",
  });
  expect(active.doubts).toEqual([
    { participantId: stage.puppet(0).id, text: "puppet-0 has not handed the model over" },
    { participantId: stage.puppet(1).id, text: "puppet-1 has not handed the model over" },
  ]);
});

test("the first model that comes counts, also from a giver whose turn is over; the other's is not wanted, and is no evidence", async () => {
  await using stage = new EncryptedRoundStage("late giver", { size: 4, lacking: [2, 3] });
  const { active } = stage;
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 6);
  const [late, next] = [stage.puppet(0), stage.puppet(1)];
  const instruction = active.instructionFor(late.id);
  if (instruction?.kind !== "train") throw new Error("nobody is asked");
  const seal = (from: typeof late) => from.seal(instruction.facts, instruction.modelRequests);
  active.disconnected(late.id);
  expect(trainings(stage).at(-1)).toBe("1 hands over to 2");
  // Of the last one there is nobody to pass it on to.
  active.disconnected(next.id);
  expect(trainings(stage)).toHaveLength(3);
  await late.line.handOver(active, seal(late));
  expect(active.doubts).toEqual([]);
  await next.line.handOver(active, seal(next));
  expect(active.instructionFor(stage.puppet(2).id)).toMatchObject({
    handover: { participantId: late.id },
  });
  expect(active.evidence).toEqual([]);
});

test("a giver that leaves a model that others cannot use is named with those who left over it, and with their codes", async () => {
  await using stage = new EncryptedRoundStage("forger", { size: 4, lacking: [1, 2] });
  stage.act = ({ place }, instruction) => {
    if (instruction.kind !== "train" || instruction.handover === undefined) return "answer";
    return place === 1 ? "wrong-model" : "diverged";
  };
  await stage.until(() => stage.active.round.phase === "abandoned");
  expect(stage.active.doubts).toEqual([
    {
      participantId: stage.puppet(0).id,
      text: "puppet-0 handed over a model that others could not use: puppet-1 (wrong-model)",
    },
  ]);
});

/** Memory of a handover, as the round is given it. */
class HeldMemory implements Disposable {
  readonly stack = new DisposableStack();
  isHeld = true;

  constructor() {
    this.stack.defer(() => {
      this.isHeld = false;
    });
  }

  [Symbol.dispose](): void {
    this.stack.dispose();
  }
}

test("a model's memory is held until the last of those who asked has trained or left, or training ends", async () => {
  await using stage = new EncryptedRoundStage("memory", { size: 4, lacking: [1, 2, 3] });
  const { active } = stage;
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 5);
  const instruction = active.instructionFor(stage.puppet(0).id);
  if (instruction?.kind !== "train") throw new Error("nobody is asked");
  using memory = new HeldMemory();
  const model = stage.puppet(0).seal(instruction.facts, instruction.modelRequests);
  active.handOver(stage.puppet(0).id, "1".repeat(64), model, memory.stack);
  const train = (place: number) =>
    active.deliver(stage.puppet(place).id, "training", "2".repeat(64), (phase) =>
      phase.trained(stage.puppet(place).id, stage.parentHash, "c".repeat(64)),
    );
  train(1);
  active.leave(stage.puppet(2).id, "diverged");
  memory[Symbol.dispose]();
  expect(memory.isHeld).toBe(true);
  expect(await stage.puppet(3).line.downloadHandover(active)).toEqual(model.sealed);
  train(3);
  expect(memory.isHeld).toBe(false);
  await expect(stage.puppet(3).line.downloadHandover(active)).rejects.toMatchObject({
    code: "no-handover",
  });
});

test("a model's memory is given back when training ends without those who asked", async () => {
  await using stage = new EncryptedRoundStage("ended", { size: 4, lacking: [1] });
  const { active } = stage;
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 7);
  const instruction = active.instructionFor(stage.puppet(0).id);
  if (instruction?.kind !== "train") throw new Error("nobody is asked");
  using memory = new HeldMemory();
  const model = stage.puppet(0).seal(instruction.facts, instruction.modelRequests);
  active.handOver(stage.puppet(0).id, "1".repeat(64), model, memory.stack);
  stage.stop.abort("stopped by an operator");
  await stage.ended;
  expect(memory.isHeld).toBe(false);
});

test("a giver that was asked after it had trained may have trained again, as a new process: the newer training counts, and is no evidence", async () => {
  await using stage = new EncryptedRoundStage("trained twice", { size: 4, lacking: [3] });
  const { active } = stage;
  const [first, giver] = [stage.puppet(0), stage.puppet(1)];
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 7);
  const train = (nonceCommitment: string) =>
    active.deliver(giver.id, "training", nonceCommitment, (phase) =>
      phase.trained(giver.id, stage.parentHash, nonceCommitment),
    );
  train("a".repeat(64));
  expect(() => train("b".repeat(64))).toThrow(
    expect.objectContaining({ code: "contradictory-message" }),
  );
  const before = active.evidence;
  active.leave(first.id, "restarted");
  expect(train("b".repeat(64))).toBe(true);
  expect(train("b".repeat(64))).toBe(false);
  expect(active.evidence).toEqual(before);
});

test.each([
  ["round 1", { size: 3 }, "unwanted-request"],
  ["another's signature", { size: 3, lacking: [0] }, "bad-signature"],
])("a model request is refused: %s", async (what, options, code) => {
  await using stage = new EncryptedRoundStage(what, options);
  const { active } = stage;
  stage.act = () => "ignore";
  await setImmediate();
  const { identity, random } = stage.puppet(0).secrets;
  const { request } = ModelRequestKeys.make(bindingOf(active.facts), identity, random);
  const forged = { ...request, signature: request.signature.map((byte) => byte ^ 1) };
  const accept = stage
    .puppet(0)
    .line.accept(active, active.facts.planHash, code === "bad-signature" ? forged : request);
  await expect(accept).rejects.toMatchObject({ code });
  expect(active.round.phase === "selecting" && active.round.delivered.size).toBe(0);
});

test("nobody hands a model over that was not asked, twice, for others, or other bytes than it signed; who lacks it cannot have trained", async () => {
  await using stage = new EncryptedRoundStage("refusals", { size: 4, lacking: [1, 2] });
  const { active } = stage;
  const [giver, asking, other] = [stage.puppet(0), stage.puppet(1), stage.puppet(3)];
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 6);
  const instruction = active.instructionFor(giver.id);
  if (instruction?.kind !== "train") throw new Error("nobody is asked");
  const made = giver.seal(instruction.facts, instruction.modelRequests);
  const [first] = made.handovers;
  if (first === undefined) throw new Error("nothing is handed over");
  const { sealed, handovers } = made;
  const others = other.seal(instruction.facts, instruction.modelRequests);
  for (const [from, model, code] of [
    [other, others, "unasked-handover"],
    [asking, made, "unasked-handover"],
    [giver, others, "wrong-handover"],
    [giver, { sealed, handovers: [first] }, "wrong-handover"],
    [giver, { sealed, handovers: [first, first] }, "wrong-handover"],
    [giver, { sealed: sealed.with(5, (sealed[5] ?? 0) ^ 1), handovers }, "wrong-bytes"],
  ] as const)
    await expect(from.line.handOver(active, model)).rejects.toMatchObject({ code });
  const train = () =>
    active.deliver(asking.id, "training", "1".repeat(64), (phase) =>
      phase.trained(asking.id, stage.parentHash, "c".repeat(64)),
    );
  expect(train).toThrow(expect.objectContaining({ code: "no-handover" }));
  expect(active.evidence).toEqual([]);
  await giver.line.handOver(active, made);
  await giver.line.handOver(active, made);
  const again = giver.seal(instruction.facts, instruction.modelRequests);
  await expect(giver.line.handOver(active, again)).rejects.toMatchObject({
    code: "contradictory-message",
  });
  await expect(other.line.handOver(active, others)).rejects.toMatchObject({
    code: "unasked-handover",
  });
  expect(active.instructionFor(asking.id)).toMatchObject({
    kind: "train",
    handover: { participantId: giver.id },
  });
});

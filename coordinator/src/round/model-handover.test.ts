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
    reason: "nobody has the model of round 1: all 3 that accepted asked for it",
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

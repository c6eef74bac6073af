import { setImmediate } from "node:timers/promises";
import { sha256Hex } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { RoundStage } from "../testing/round-stage.ts";

/** A round whose first participant has accepted; the others are awaited. */
async function startRound() {
  const stage = new RoundStage("evidence", 3);
  const [first, second] = stage.puppets;
  if (first === undefined || second === undefined) throw new Error("too few puppets");
  await setImmediate();
  stage.answer(first);
  const say = (id: string, text: string, signature?: Uint8Array) =>
    stage.active.deliver(id, "selecting", sha256Hex(text), () => undefined, signature);
  const stop = async () => {
    stage.stop.abort("enough");
    await stage.ended;
  };
  return { stage, active: stage.active, first, second, say, [Symbol.asyncDispose]: stop };
}

test("a flood of contradictions is one record: the first, and how many there were", async () => {
  await using round = await startRound();
  const { active, first, say, stage } = round;
  for (let time = 0; time < 1_000; time++)
    expect(() => say(first.id, `other ${time}`, new Uint8Array(64).fill(time))).toThrow();
  expect(active.evidence).toEqual([
    {
      participantId: first.id,
      kind: "contradiction",
      step: "selecting",
      takenDigest: active.facts.planHash,
      takenSignature: "",
      refusedDigest: sha256Hex("other 0"),
      refusedSignature: "00".repeat(64),
      refusals: 1_000,
      firstAtMs: stage.clock.now(),
    },
  ]);
});

test("the same message again, a stranger's and one that is refused for what it says are no evidence", async () => {
  await using round = await startRound();
  const { active, first, second, say, stage } = round;
  stage.repeats.get(first.id)?.();
  expect(() => say("0".repeat(32), "hello")).toThrow();
  expect(() => active.expecting(first.id, "collecting", sha256Hex("too early"))).toThrow();
  const apply = () => {
    throw new Error("not wanted");
  };
  expect(() => active.deliver(second.id, "selecting", sha256Hex("bad"), apply)).toThrow();
  expect(active.evidence).toEqual([]);
});

test("each participant that contradicts itself has its own record", async () => {
  await using round = await startRound();
  const { active, first, second, say, stage } = round;
  stage.answer(second);
  for (const { id } of [first, second, first]) expect(() => say(id, "something else")).toThrow();
  expect(active.evidence.map(({ participantId, refusals }) => [participantId, refusals])).toEqual([
    [first.id, 2],
    [second.id, 1],
  ]);
});

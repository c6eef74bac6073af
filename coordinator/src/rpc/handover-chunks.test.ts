import { expect, test } from "vitest";
import { EncryptedRoundStage } from "../testing/encrypted-round-stage.ts";
import { chunkBytes } from "./chunks.ts";
import { handoverChunks } from "./handover-chunks.ts";

/** A stage on which a model of two chunks was handed over to the second of three puppets. */
async function handedOver(seed: string): Promise<EncryptedRoundStage> {
  const stage = new EncryptedRoundStage(seed, { size: 3, lacking: [1] });
  const { active } = stage;
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => active.round.phase === "training" && stage.sent.length === 5);
  const giver = stage.puppet(0);
  giver.models.set(stage.parentHash, {
    model: new Float32Array(chunkBytes / 4),
    state: undefined,
  });
  const instruction = active.instructionFor(giver.id);
  if (instruction?.kind !== "train") throw new Error("nobody is asked");
  await giver.line.handOver(active, giver.seal(instruction.facts, instruction.modelRequests));
  return stage;
}

test("a download of a handed-over model goes on to its end while it is wanted", async () => {
  await using stage = await handedOver("whole");
  const parts = [...handoverChunks(stage.active, stage.puppet(1).id, 0)];
  expect(parts.map(({ chunk }) => chunk.data.length)).toEqual([chunkBytes, 24]);
  expect(() => handoverChunks(stage.active, stage.puppet(2).id, 0).next()).toThrow(
    expect.objectContaining({ code: "no-handover" }),
  );
});

test.each([
  [
    "its participant leaves",
    (stage: EncryptedRoundStage) => stage.active.leave(stage.puppet(1).id, "diverged"),
    "not-in-cohort",
  ],
  [
    "training ends",
    async (stage: EncryptedRoundStage) => {
      stage.stop.abort("stopped by an operator");
      await stage.ended;
    },
    "wrong-phase",
  ],
])("a download of a handed-over model ends between two chunks when %s", async (what, end, code) => {
  await using stage = await handedOver(what);
  const chunks = handoverChunks(stage.active, stage.puppet(1).id, 0);
  expect(chunks.next().done).toBe(false);
  await end(stage);
  expect(() => chunks.next()).toThrow(expect.objectContaining({ code }));
});

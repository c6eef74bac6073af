import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { modelToBytes } from "@chorus/aggregation";
import { pino } from "pino";
import { expect, test } from "vitest";
import { ModelStore } from "../models/model-store.ts";
import { EncryptedCohort, type Member } from "../testing/encrypted-cohort.ts";
import { EncryptedRound, nextOffer } from "../testing/encrypted-round.ts";
import { KeptTrainer } from "../testing/fake-trainer.ts";
import { ended, LAYOUT, MODEL, ROUND_ID } from "../testing/tiny-round.ts";

/**
 * What 15 bits move a mean of three weights of 1/2 by at most: each of three values by the quantum, 6 x 4 / sqrt(8) / 16383, which
 * the rotation back can bring together from 8 coordinates, over a sum of weights of 3/2.
 */
const ROUNDING = (3 / 1.5) * (24 / Math.sqrt(8) / 16_383) * 8;

const NEXT_ID = `${"02".repeat(31)}00`;

/** The model of a round on a participant's disk. */
async function keptModel({ directory }: Member, round: number) {
  const store = await ModelStore.open(directory, pino({ level: "silent" }));
  const kept = store.kept.find((model) => model.round === round);
  if (kept === undefined) throw new Error("no model is kept");
  return { kept, model: await store.load(kept) };
}

test("participants of an encrypted round make the mean update's model, keep it, say what they did however often they are asked, and log no value", async () => {
  const trainer = new KeptTrainer(new Float32Array(LAYOUT.parameters).fill(1, 0, 1));
  await using cohort = await EncryptedCohort.start({ trainer });
  // Every instruction comes twice, and is answered with the same bytes.
  const round = new EncryptedRound(cohort.coordinator, (sentence) =>
    cohort.allSay(sentence.replace("masked", "encrypted")),
  );
  const transcript = await round.run();
  expect(trainer.delta).toEqual(new Float32Array(LAYOUT.parameters));
  const opened = await round.open(transcript);
  await cohort.allSay("opened the sum");
  await cohort.tellAll(ended("", ROUND_ID, opened.modelHash), "kept the model");
  expect(opened.counts).toEqual({
    trainingExamples: 150,
    evaluationExamples: 30,
    evaluationCorrect: 12,
    evaluationLossMillis: 45_000,
  });
  expect(opened.transcript.reports).toHaveLength(3);
  const journal = await readFile(join(cohort.member(0).directory, "journal"), "utf8");
  expect(JSON.parse(journal.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    step: "open-sum",
  });
  const { kept, model } = await keptModel(cohort.member(0), 1);
  expect(kept).toMatchObject({ round: 1, modelHash: opened.modelHash, isCommitted: true });
  for (const [i, value] of model.entries())
    expect(Math.abs(value - (MODEL[i] ?? 0) - (i < 3 ? 1 / 3 : 0))).toBeLessThan(ROUNDING);
  const { process } = cohort.member(0);
  expect(process.sentences()).toEqual([
    "checked in",
    "accepted the round",
    "trained",
    "advertised keys",
    "shared keys",
    "uploaded the encrypted update",
    "confirmed the survivors",
    "revealed shares",
    "opened the sum",
    "the round was completed",
    "verified the reports of the round",
    "kept the model",
  ]);
  const line = process.log.find(({ msg }) => msg === "kept the model");
  expect(line).toMatchObject({ path: kept.path, modelHash: opened.modelHash });
  const bytes = Buffer.from(modelToBytes(model));
  expect(await readFile(kept.path)).toEqual(bytes);
  const log = JSON.stringify(process.log);
  for (const form of ["hex", "base64"] as const) expect(log).not.toContain(bytes.toString(form));
  for (const value of model.filter((one) => one !== 0)) expect(log).not.toContain(`${value}`);
});

test("a run goes on from what its participants have on disk, whatever was abandoned or restarted, and no model is downloaded", async () => {
  await using cohort = await EncryptedCohort.start();
  const downloads: unknown[] = [];
  cohort.coordinator.download = (call) => {
    downloads.push(call.request);
    call.end();
  };
  const round = new EncryptedRound(cohort.coordinator);
  const first = await round.open(await round.run());
  await cohort.tellAll(ended("", ROUND_ID, first.modelHash), "kept the model");
  const [attempt, again] = [nextOffer(2, first), nextOffer(2, first, 1)];
  await round.open(await round.run(attempt));
  await cohort.tellAll(ended("no quorum", NEXT_ID), "the round was abandoned");
  await cohort.restart(1);
  const accepted = await round.accept(again);
  expect(accepted.map(({ request }) => request.modelRequest)).toEqual(Array(3).fill(undefined));
  const second = await round.open(await round.exchange(again, await round.train(again)));
  expect(second.transcript.reports).toHaveLength(3);
  // Momentum 0.5: the second round moves half as far again as the first, as only the state on disk can tell.
  for (const member of cohort.members) {
    const { kept, model } = await keptModel(member, 2);
    expect(kept.modelHash).toBe(second.modelHash);
    for (const i of [0, 1, 2])
      expect(Math.abs((model[i] ?? 0) - (MODEL[i] ?? 0) - 2.5 / 3)).toBeLessThan(3 * ROUNDING);
  }
  expect(downloads).toEqual([]);
});

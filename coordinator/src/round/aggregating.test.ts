import { setImmediate } from "node:timers/promises";
import { contentLength, openCommitmentScheme, requireOpenedSum } from "@chorus/aggregation";
import { pino } from "pino";
import { expect, test } from "vitest";
import { expectExactMean, RoundStage } from "../testing/round-stage.ts";
import { defaultLimits, UnmaskingPool } from "../unmasking/pool.ts";
import { Committing } from "./ended.ts";

test("a sum that threads unmask is the same sum", async () => {
  const limits = { ...defaultLimits, threads: 2, largeMaskWords: 0 };
  await using pool = new UnmaskingPool(limits, { log: pino({ enabled: false }) });
  const stage = new RoundStage("threads", 5, {}, (job, signal) => pool.run(job, signal));
  await stage.answerAll();
  const ended = await stage.ended;
  if (ended.phase !== "committing") throw new Error(ended.reason);
  expectExactMean(stage, ended);
});

test("a round that is stopped while its sum is unmasked is abandoned with the reason", async () => {
  const begun = Promise.withResolvers<void>();
  const stage = new RoundStage("stopped", 5, {}, (_job, signal) => {
    begun.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  await stage.answerAll();
  await begun.promise;
  stage.stop.abort("stopped by an operator");
  expect(await stage.ended).toMatchObject({ phase: "abandoned", reason: "stopped by an operator" });
});

test("a round in which somebody committed to another vector than it masked is abandoned: the sum does not open", async () => {
  const stage = new RoundStage("liar", 5);
  const [liar] = stage.puppets;
  if (liar === undefined) throw new Error("no puppet");
  const { committer } = liar;
  liar.committer = {
    commit: (words, randomness) => committer.commit(words.with(0, 7), randomness),
  };
  await stage.answerAll();
  expect(await stage.ended).toMatchObject({
    phase: "abandoned",
    reason: "unopened-sum: the commitments of 5 survivors do not open to their sum",
  });
});

test("a round in which somebody claims negative examples, which would make the mean longer than any update, is abandoned", async () => {
  const stage = new RoundStage("claims", 5);
  const [liar] = stage.puppets;
  if (liar === undefined) throw new Error("no puppet");
  const { committer } = liar;
  liar.committer = {
    commit: (words, randomness) => {
      // What is masked as well: -2 examples behind the 8 values, so that 5 unit vectors have 2.
      words.set([2 ** 32 - 2], 8);
      return committer.commit(words, randomness);
    },
  };
  await stage.answerAll();
  expect(await stage.ended).toMatchObject({
    phase: "abandoned",
    reason: expect.stringMatching(
      /^overflow: mean of the updates has norm 1\.118.*, wanted at most 1\.0/,
    ),
  });
});

test("a completed round has the transcript of its sum, for the survivors and nobody else", async () => {
  const stage = new RoundStage("transcript", 5);
  const [lost] = stage.puppets;
  if (lost === undefined) throw new Error("no puppet");
  await setImmediate();
  while (stage.active.round.phase !== "collecting") {
    for (const puppet of stage.puppets) stage.answer(puppet);
    await setImmediate();
  }
  stage.active.leave(lost.id, "restarted");
  stage.trays.delete(lost.id);
  await stage.answerAll();
  const ended = await stage.ended;
  if (!(ended instanceof Committing)) throw new Error("the round has no model");
  const { config, keyBook, survivors, acks, sum } = ended.transcript;
  expect(config.roundId).toBe(stage.active.facts.roundId);
  expect(keyBook).toHaveLength(5);
  expect(new Set(survivors.map(({ upload }) => upload.participantId))).toEqual(ended.survivors);
  expect(survivors).toHaveLength(4);
  expect(acks).toHaveLength(4);
  expect(sum).toHaveLength(contentLength(config.dimension));
  expect(() => requireOpenedSum(ended.transcript, openCommitmentScheme())).not.toThrow();
});

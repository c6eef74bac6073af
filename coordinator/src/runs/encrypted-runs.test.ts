import { layoutOf, modelHash, verifyReports } from "@chorus/aggregation";
import { HandoverError } from "@chorus/aggregation/he";
import { expect, onTestFinished, test } from "vitest";
import { modelChunks } from "../rpc/file-streams.ts";
import { sampleRun } from "../store/testing/sample-records.ts";
import { Ciphers } from "../testing/ciphers.ts";
import { EncryptedPuppet } from "../testing/encrypted-puppet.ts";
import { EncryptedRoundStage } from "../testing/encrypted-round-stage.ts";
import { transcriptOf } from "../testing/open-transcript.ts";
import { PuppetFederation } from "../testing/puppet-federation.ts";
import { unitPlan } from "../testing/unit-plan.ts";
import { explain } from "./explanation.ts";

const plan = unitPlan({
  rounds: 2,
  strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.5 },
  protection: { kind: "he", valueBits: 8, clippingNorm: 1, maxExamples: 1 },
});
const planJson = JSON.stringify(plan);

/** Of a run in its second round. */
const runFields = {
  status: "running",
  completedRounds: 1,
  modelHash: "",
  strategyStateHash: "",
  endedAtMs: 0,
} as const;

/** Three participants of encrypted runs. */
async function openFederation(): Promise<{
  federation: PuppetFederation;
  puppets: readonly EncryptedPuppet[];
}> {
  const ciphers = new Ciphers();
  onTestFinished(() => ciphers[Symbol.dispose]());
  const puppets = [0, 1, 2].map((place) => new EncryptedPuppet(place, "federation", ciphers));
  const federation = await PuppetFederation.open(
    puppets.length,
    (place) => puppets[place] as EncryptedPuppet,
  );
  return { federation, puppets };
}

test("an encrypted run leaves hashes and transcripts at the coordinator, and its models with its participants alone", async () => {
  const opened = await openFederation();
  await using federation = opened.federation;
  const { runs, store, blobs } = federation;
  // Before the second round, one of the three has lost everything.
  federation.stored = (method) => {
    if (method !== "completeRound") return;
    opened.puppets[1]?.models.clear();
    federation.stored = () => undefined;
  };
  const { runId, initialModelHash } = await runs.start(planJson);
  await federation.untilEnded(runId);
  const rounds = await store.rounds(runId);
  expect(rounds).toMatchObject([
    { round: 1, attempts: 1, survivors: 3, parentModelHash: initialModelHash },
    { round: 2, attempts: 1, survivors: 3, parentModelHash: rounds[0]?.modelHash },
  ]);
  for (const round of rounds) {
    expect(round.strategyStateHash).toMatch(/^[0-9a-f]{64}$/);
    for (const hash of [round.modelHash, round.strategyStateHash])
      expect(await blobs.size(hash)).toBeUndefined();
    const transcript = transcriptOf(await blobs.get(round.transcriptHash));
    expect(verifyReports(transcript, {})).toMatchObject({
      reports: 3,
      modelHash: round.modelHash,
      stateHash: round.strategyStateHash,
      updatesRoot: round.updatesRoot,
      counts: { trainingExamples: round.trainingExamples },
    });
  }
  const begunWith = await Promise.all(
    rounds.map(async ({ transcriptHash }) => {
      const { config } = transcriptOf(await blobs.get(transcriptHash));
      return config.he.parentStateHash;
    }),
  );
  expect(begunWith).toEqual(["", rounds[0]?.strategyStateHash]);
  const last = rounds[1]?.modelHash ?? "";
  for (const { models } of opened.puppets) {
    const model = models.get(last)?.model ?? new Float32Array();
    expect(modelHash(layoutOf(plan.model), model)).toBe(last);
  }
  await expect(modelChunks({ store, blobs }, last, 0).next()).rejects.toMatchObject({
    code: "unknown-model",
    message: `the model ${last} is of an encrypted run: its participants have it, the coordinator never had`,
  });
  const first = await modelChunks({ store, blobs }, initialModelHash, 0).next();
  expect(first.value?.totalBytes).toBe(4 * layoutOf(plan.model).parameters);
  await store.verify(AbortSignal.timeout(60_000));
});

test("a coordinator that restarts while a sum is being opened abandons the attempt, and the next one trains from the same model", async () => {
  const { federation: opened } = await openFederation();
  await using federation = opened;
  const { runs, store } = federation;
  let opening = 0;
  federation.steer = (_place, kind) => {
    if (kind === "open-sum") opening += 1;
    return kind === "open-sum" && opening <= 3 ? "ignore" : "answer";
  };
  const { runId, initialModelHash } = await runs.start(JSON.stringify({ ...plan, rounds: 1 }));
  await federation.untilWhy(
    runId,
    /is opening: waits for puppet-0, puppet-1, puppet-2 \(0 of 3 delivered, 2 equal ones suffice from/,
  );
  await runs.close();
  await federation.restart();
  await federation.untilEnded(runId);
  expect(await store.rounds(runId)).toMatchObject([
    { round: 1, attempts: 2, parentModelHash: initialModelHash },
  ]);
});

test("after an attempt that failed over a model that was handed over, the reason names the giver, and another one is asked", async () => {
  const opened = await openFederation();
  await using federation = opened.federation;
  const { runs, store } = federation;
  const asking = opened.puppets[1] as EncryptedPuppet;
  federation.stored = (method) => {
    if (method !== "completeRound") return;
    asking.models.clear();
    federation.stored = () => undefined;
  };
  const givers: number[] = [];
  for (const { line, place } of opened.puppets) {
    const { handOver } = line;
    line.handOver = async (...model) => {
      givers.push(place);
      await handOver.apply(line, model);
    };
  }
  const { downloadHandover } = asking.line;
  asking.line.downloadHandover = async () => {
    asking.line.downloadHandover = downloadHandover;
    throw new HandoverError("unopenable-model", "as if forged", asking.id);
  };
  const { runId } = await runs.start(
    JSON.stringify({ ...plan, roundPolicy: { ...plan.roundPolicy, quorum: 3 } }),
  );
  await federation.untilWhy(runId, /next attempt in/);
  const { lastReason } = await store.attempts(runId, 2);
  expect(lastReason).toMatch(
    /^too few trained: . of 3, wanted 3; left: puppet-1 \(unopenable-model\); puppet-[02] handed over a model that others could not use: puppet-1 \(unopenable-model\)$/,
  );
  expect(lastReason).toContain(`puppet-${givers[0]} handed over`);
  federation.clock.advance(1_000);
  await federation.untilEnded(runId);
  expect(givers).toEqual([givers[0], 2 - (givers[0] ?? 0)]);
});

test("why tells who is to hand the model over to whom, while somebody is", async () => {
  await using stage = new EncryptedRoundStage("why", { size: 4, lacking: [0, 2] });
  stage.act = (_puppet, { kind }) => (kind === "train" ? "ignore" : "answer");
  await stage.until(() => stage.sent.length === 6);
  const summary = () =>
    explain({
      run: { ...sampleRun("why"), ...runFields },
      state: { kind: "in-round", active: stage.active },
      wanted: { select: 4, quorum: 3 },
      free: [],
      busy: 0,
      problem: "",
      departures: stage.active.departures,
      attempts: { count: 1, lastReason: "" },
      nowMs: stage.clock.monotonicMs(),
    }).summary;
  expect(summary()).toBe(
    "round 2, attempt 1, is training: waits for puppet-0, puppet-1, puppet-2, puppet-3 (0 of 4 delivered, 3 suffice from 1.0 s on); ends in 5.0 s at the latest; puppet-1 is to hand the model over to puppet-0, puppet-2",
  );
  stage.active.disconnected(stage.puppet(1).id);
  expect(summary()).toMatch(
    /latest; puppet-1 has not handed the model over; puppet-3 is to hand the model over to puppet-0, puppet-2$/,
  );
  stage.act = () => "answer";
  const train = stage.active.instructionFor(stage.puppet(3).id);
  if (train === undefined) throw new Error("nothing is asked");
  await stage.puppet(3).reply(stage.active, train);
  expect(summary()).not.toMatch(/hand the model over/);
});

import { contentLength, parsePlan, sha256Hex } from "@chorus/aggregation";
import { expect, test } from "vitest";
import {
  changeRound,
  changeStored,
  differencesOf,
  firstDifference,
  hideStore,
  historyOf,
  keepFile,
  memoryHistory,
  memoryRun,
  republish,
  roundOf,
  runId,
  verify,
} from "./testing/memory-history.ts";
import { samplePlan } from "./testing/sample-plan.ts";
import type { Lie } from "./testing/sample-rounds.ts";
import { requireThatHolds, verifyRun } from "./verify-run.ts";

const honest = memoryRun();

/** One word of the sum is another, and everything after the sum is made of that. */
const anotherSum: Lie = ({ transcript, updatesRoot }) => ({
  transcript: { ...transcript, sum: transcript.sum.with(1, (transcript.sum[1] ?? 0) + 1) },
  updatesRoot,
});
const lyingInRound2 = memoryRun({ lies: { 2: anotherSum } });

const fixture = () => memoryHistory(honest);

test("a changed word of the sum is found in its round, though model, state, files and chain go with it", async () => {
  const verification = await verify(await memoryHistory(lyingInRound2));
  expect(verification.rounds.map(({ model, sum, chain }) => [model, sum, chain])).toEqual([
    ["holds", "holds", "holds"],
    ["holds", "differs", "holds"],
    ["holds", "holds", "holds"],
  ]);
  expect(verification.differences).toMatchObject([
    { round: 2, what: expect.stringMatching(/^transcript [0-9a-f]{12}…$/), expected: undefined },
  ]);
  expect(() => requireThatHolds(verification)).toThrow(
    expect.objectContaining({
      exitCode: 4,
      message: expect.stringMatching(/^round 2: transcript .* does not hold: unopened-sum: /),
    }),
  );
});

test("a survivor that is left out of the transcript is missed, also when the updates root and all signatures leave it out", async () => {
  const removed: Lie = ({ transcript, updatesRoot }) => ({
    transcript: { ...transcript, survivors: transcript.survivors.slice(1) },
    updatesRoot,
  });
  const resigned: Lie = ({ transcript: { sum, randomness } }, exchange) => {
    const without = exchange([1, 2, 3]);
    return { ...without, transcript: { ...without.transcript, sum, randomness } };
  };
  for (const [lie, code] of [
    [removed, "unknown-participant"],
    [resigned, "unopened-sum"],
  ] as const) {
    const found = await differencesOf(await memoryHistory(memoryRun({ lies: { 3: lie } })));
    expect(found).toEqual([
      expect.stringMatching(`^round 3: transcript .* does not hold: ${code}: `),
    ]);
  }
});

test("a dropout is no difference: the sum of those who are left makes the model", async () => {
  const dropout: Lie = (_, exchange) => exchange([0, 2, 3]);
  expect(await differencesOf(await memoryHistory(memoryRun({ lies: { 2: dropout } })))).toEqual([]);
});

test("a model that is not the one that the proven sum makes is found in its round, and only there", async () => {
  const made = await memoryHistory(lyingInRound2);
  const { transcriptHash = "" } = honest.rounds[1] ?? {};
  made.files.set(transcriptHash, honest.files.get(transcriptHash) ?? new Uint8Array());
  changeRound(made, 2, { transcriptHash });
  const found = await differencesOf(made);
  expect(found).toEqual([
    `round 2: the model from the sum differs: expected ${honest.rounds[1]?.modelHash}, got ${roundOf(made, 2).modelHash}`,
    expect.stringMatching(/^round 2: the strategy's state differs: /),
  ]);
});

test("another strategy state is found in its round, before the model that was made of it", async () => {
  const made = await fixture();
  const state = made.files.get(made.stored.rounds.get(1)?.strategyStateHash ?? "");
  changeStored(made, 2, { strategyStateHash: keepFile(made, state ?? new Uint8Array()) });
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(/^round 2: the strategy's state differs: expected \w{64}, got \w{64}$/),
    expect.stringMatching(/^round 3: the model from the sum differs: /),
    expect.stringMatching(/^round 3: the strategy's state differs: /),
  ]);
  changeStored(made, 2, { strategyStateHash: "" });
  expect(await firstDifference(made)).toMatch(/^round 2: the strategy's state .* got none$/);
});

test("a state where the strategy has none is found", async () => {
  const plan = parsePlan({ ...samplePlan, strategy: { kind: "fedavg" } });
  const made = await memoryHistory(memoryRun({ plan }));
  expect(await differencesOf(made)).toEqual([]);
  changeStored(made, 2, { strategyStateHash: keepFile(made, new Uint8Array(16)) });
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(/^round 2: the strategy's state differs: expected none, got /),
  ]);
});

test("what is not checked after a sum that does not hold is told, where the state that came of it is not known", async () => {
  const made = await memoryHistory(lyingInRound2);
  hideStore(made);
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(/^round 2: transcript .* unopened-sum/),
    `round 3: the model from the sum differs: expected ${roundOf(made, 3).modelHash}, got none, as the strategy's state after round 2 is not known`,
  ]);
});

test("a model file that is missing or another is nothing to go on from after a sum that does not hold", async () => {
  const made = await memoryHistory(lyingInRound2);
  const { modelHash } = roundOf(made, 2);
  for (const file of [undefined, new Uint8Array(4), new Uint8Array(16)]) {
    if (file === undefined) made.files.delete(modelHash);
    else made.files.set(modelHash, file);
    expect(await differencesOf(made)).toEqual([
      expect.stringMatching(/^round 2: model file /),
      expect.stringMatching(/^round 2: transcript .* unopened-sum/),
      expect.stringMatching(/^round 3: .* got none, as the model after round 2 is not known$/),
    ]);
  }
});

test("a strategy without state goes on from the model file after a sum that does not hold", async () => {
  const plan = parsePlan({ ...samplePlan, strategy: { kind: "fedavg" } });
  const made = await memoryHistory(memoryRun({ plan, lies: { 1: anotherSum } }));
  hideStore(made);
  expect(await differencesOf(made)).toEqual([expect.stringMatching(/^round 1: transcript /)]);
});

test("an honest run needs nothing that only the store tells", async () => {
  const made = await fixture();
  hideStore(made);
  expect(await differencesOf(made)).toEqual([]);
});

const elsewhere = sha256Hex("elsewhere");

test.each([
  ["federationId", elsewhere, "federation"],
  ["runId", elsewhere, "run"],
  ["round", 3, "round"],
  ["roundId", elsewhere, "round id"],
  ["planHash", elsewhere, "plan"],
  ["parentModelHash", elsewhere, "parent model"],
  ["clippingNorm", 2, "clipping norm"],
  ["maxExamples", 11, "most examples"],
  ["minSurvivors", 2, "fewest survivors"],
])("a transcript with another %s is not that of the round", async (field, value, what) => {
  const made = await fixture();
  republish(made, 2, (transcript) => ({
    ...transcript,
    config: { ...transcript.config, [field]: value },
  }));
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(
      `^round 2: the transcript's ${what} differs: expected \\w+, got ${value}$`,
    ),
  ]);
});

test("a transcript with a sum for a larger model is not that of the round", async () => {
  const made = await fixture();
  republish(made, 2, (transcript) => ({
    ...transcript,
    config: { ...transcript.config, dimension: 5 },
    sum: new Uint32Array(contentLength(5)),
  }));
  expect(await differencesOf(made)).toEqual([
    "round 2: the transcript's dimension differs: expected 4, got 5",
  ]);
});

test("the transcript of another round or of another run is found, however well it verifies", async () => {
  const made = await fixture();
  changeRound(made, 3, { transcriptHash: roundOf(made, 1).transcriptHash });
  expect(await firstDifference(made)).toBe(
    "round 3: the transcript's round differs: expected 3, got 1",
  );
  const other = memoryRun({ runId: elsewhere });
  const bytes = other.files.get(other.rounds[2]?.transcriptHash ?? "") ?? new Uint8Array();
  changeRound(made, 3, { transcriptHash: keepFile(made, bytes) });
  expect(await differencesOf(made)).toEqual([
    `round 3: the transcript's run differs: expected ${runId}, got ${elsewhere}`,
  ]);
});

test("rounds of two federations do not make one run, though nobody tells whose it is", async () => {
  const made = await fixture();
  hideStore(made);
  const other = memoryRun({ federationId: elsewhere });
  const bytes = other.files.get(other.rounds[1]?.transcriptHash ?? "") ?? new Uint8Array();
  changeRound(made, 2, { transcriptHash: keepFile(made, bytes) });
  expect(await firstDifference(made)).toMatch(/^round 2: the transcript's federation differs: /);
});

test("a transcript that is cut short, missing or another file names its round", async () => {
  const made = await fixture();
  const { transcriptHash } = roundOf(made, 2);
  const bytes = made.files.get(transcriptHash) ?? new Uint8Array();
  const name = `round 2: transcript ${transcriptHash.slice(0, 12)}…`;
  made.files.set(transcriptHash, bytes.subarray(0, 5000));
  expect(await differencesOf(made)).toEqual([expect.stringContaining(`${name} differs: expected`)]);
  made.files.delete(transcriptHash);
  expect(await differencesOf(made)).toEqual([expect.stringMatching(`${name} .* got no file$`)]);
  changeRound(made, 2, { transcriptHash: keepFile(made, bytes.subarray(0, -40)) });
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(/^round 2: transcript .* does not hold: protocol: /),
  ]);
});

test.each([
  ["cohort", "the cohort's size"],
  ["survivors", "the number of survivors"],
  ["trainingExamples", "the training examples"],
  ["evaluationExamples", "the evaluation examples"],
  ["evaluationCorrect", "the correct ones"],
] as const)("%s that is not what the transcript proves is found", async (field, what) => {
  const made = await fixture();
  const kept = roundOf(made, 1)[field];
  changeRound(made, 1, { [field]: kept + 1 });
  expect(await firstDifference(made)).toBe(
    `round 1: ${what} differs: expected ${kept}, got ${kept + 1}`,
  );
});

test("an updates root that is not that of the survivors' uploads is found, also before it is on the chain", async () => {
  const made = await memoryHistory(honest, 1);
  const { updatesRoot } = roundOf(made, 2);
  changeRound(made, 2, { updatesRoot: elsewhere });
  expect(await differencesOf(made)).toEqual([
    `round 2: the updates root differs: expected ${updatesRoot}, got ${elsewhere}`,
  ]);
});

test("a mean loss that differs in its last bit is found", async () => {
  const made = await fixture();
  const kept = roundOf(made, 1).evaluationLoss;
  changeRound(made, 1, { evaluationLoss: kept * (1 + Number.EPSILON) });
  expect(await differencesOf(made)).toEqual([
    expect.stringContaining(`round 1: the mean loss differs: expected ${kept}, got `),
  ]);
});

test("a verification that is to stop does so between rounds", async () => {
  const stop = new AbortController();
  const told: string[] = [];
  const onRound = (recomputed: number, rounds: number): void => {
    told.push(`${recomputed} of ${rounds}`);
    if (recomputed === 2) stop.abort(new Error("stopped"));
  };
  const history = { ...historyOf(await fixture()), onRound };
  await expect(verifyRun(runId, history, stop.signal)).rejects.toThrow("stopped");
  expect(told).toEqual(["1 of 3", "2 of 3"]);
});

import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  modelHash,
  modelToBytes,
  planHash,
  sha256Hex,
} from "@chorus/aggregation";
import { LedgerError, MemoryLedger } from "@chorus/chain";
import { expect, test } from "vitest";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import { type Difference, describeDifference, type HistorySource } from "./history.ts";
import { formatVerification } from "./table.ts";
import { samplePlan } from "./testing/sample-plan.ts";
import { requireThatHolds, verifyRun } from "./verify-run.ts";

const never = new AbortController().signal;
const plan = samplePlan;
const layout = layoutOf(plan.model);

/** A run of three rounds in memory, which a test may change before it is verified. */
interface Fixture {
  details: RunDetails;
  readonly models: Map<Hash, Uint8Array>;
  readonly states: Map<number, Hash>;
  readonly ledger: MemoryLedger;
  readonly audited: Difference[];
}

const committer = "0x00000000000000000000000000000000000000aa";
const runId = sha256Hex("a run");

async function fixture(committed = 3): Promise<Fixture> {
  const models = new Map<Hash, Uint8Array>();
  const ledger = new MemoryLedger(committer);
  const keep = (model: Float32Array): Hash => {
    const hash = modelHash(layout, model);
    models.set(hash, modelToBytes(model));
    return hash;
  };
  const initialModelHash = keep(initialModel(layout, plan.seed));
  const rounds: CompletedRound[] = [];
  for (const number of [1, 2, 3]) {
    const parentModelHash = rounds.at(-1)?.modelHash ?? initialModelHash;
    const made = keep(Float32Array.of(number, 2, 3));
    const round = completedRound(number, parentModelHash, made);
    rounds.push(number > committed ? round : await commit(round, ledger));
  }
  const run = {
    runId,
    name: plan.name,
    status: "completed" as const,
    planHash: planHash(plan),
    plannedRounds: 3,
    completedRounds: 3,
    modelHash: rounds.at(-1)?.modelHash ?? "",
    initialModelHash,
    startedAtMs: 0,
    endedAtMs: 1,
  };
  const details = { run, plan: canonicalPlan(plan), rounds };
  return { details, models, states: new Map(), ledger, audited: [] };
}

function completedRound(round: number, parentModelHash: Hash, made: Hash): CompletedRound {
  return {
    round,
    attempts: 1,
    parentModelHash,
    modelHash: made,
    updatesRoot: sha256Hex(`updates ${round}`),
    cohort: 3,
    survivors: 3,
    startedAtMs: 0,
    endedAtMs: 1,
    phases: [],
    receivedBytes: 0,
    sentBytes: 0,
    trainingExamples: 0,
    evaluationExamples: 0,
    evaluationCorrect: 0,
    evaluationLoss: 0,
    ledgerEntry: undefined,
  };
}

async function commit(completed: CompletedRound, ledger: MemoryLedger): Promise<CompletedRound> {
  const { round, parentModelHash, updatesRoot, survivors } = completed;
  const facts = { runId, round, planHash: planHash(plan), parentModelHash, updatesRoot, survivors };
  const record = { ...facts, modelHash: completed.modelHash };
  return { ...completed, ledgerEntry: await ledger.commit(record, never) };
}

function sourceOf({ details, models, states, audited }: Fixture): HistorySource {
  return {
    description: "memory",
    details: async () => details,
    file: async (hash) => models.get(hash),
    strategyStates: async () => states,
    audit: async () => audited,
  };
}

const verify = (made: Fixture) => verifyRun(runId, sourceOf(made), made.ledger, never);

/** Changes one round of the details. */
function changeRound(made: Fixture, number: number, changes: Partial<CompletedRound>): void {
  const rounds = made.details.rounds.map((round) =>
    round.round === number ? { ...round, ...changes } : round,
  );
  made.details = { ...made.details, rounds };
}

async function firstDifference(made: Fixture): Promise<string> {
  const { differences } = await verify(made);
  const [first] = differences;
  return first === undefined ? "" : describeDifference(first);
}

test("an untouched history holds, and its table says so for every round", async () => {
  const verification = await verify(await fixture());
  expect(verification.differences).toEqual([]);
  expect(verification.rounds.map(({ model, chain }) => [model, chain])).toEqual(
    Array(3).fill(["holds", "holds"]),
  );
  expect(() => requireThatHolds(verification)).not.toThrow();
  expect(formatVerification(verification)).toContain(
    "Everything holds: the plan, the initial model and 3 rounds.",
  );
});

test("one flipped bit anywhere in a model file names the round and the file", async () => {
  const { details, models } = await fixture();
  const target = details.rounds[1]?.modelHash ?? "";
  const bits = 8 * (models.get(target)?.length ?? 0);
  for (let bit = 0; bit < bits; bit += 1) {
    const made = await fixture();
    const bytes = new Uint8Array(made.models.get(target) ?? []);
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
    made.models.set(target, bytes);
    expect(await firstDifference(made)).toMatch(
      new RegExp(`^round 2: model file ${target.slice(0, 12)}… (differs|is damaged): `),
    );
  }
});

test("a model file that is cut short or missing names the round", async () => {
  const made = await fixture();
  const target = made.details.rounds[2]?.modelHash ?? "";
  made.models.set(target, new Uint8Array(4));
  expect(await firstDifference(made)).toMatch(/^round 3: model file .* is damaged: .*4 bytes/);
  made.models.delete(target);
  expect(await firstDifference(made)).toMatch(/^round 3: model file .* got no file$/);
});

test.each([
  ["updatesRoot", sha256Hex("another root"), "the updates root on the chain"],
  ["survivors", 2, "the number of survivors on the chain"],
  ["modelHash", sha256Hex("another model"), "model file"],
  ["parentModelHash", sha256Hex("another parent"), "the parent model"],
] as const)("a round whose %s was changed is named", async (field, value, what) => {
  const made = await fixture();
  changeRound(made, 2, { [field]: value });
  expect(await firstDifference(made)).toContain(`round 2: ${what}`);
});

test("another plan, another seed and another initial model are found before any round", async () => {
  const otherPlan = await fixture();
  const text = otherPlan.details.plan;
  otherPlan.details = { ...otherPlan.details, plan: text.replace('"rounds":3', '"rounds":4') };
  expect(await firstDifference(otherPlan)).toMatch(/^the plan's hash differs/);
  const otherStart = await fixture();
  const initialModelHash = otherStart.details.rounds[0]?.modelHash ?? "";
  const run = { ...otherStart.details.run, initialModelHash };
  otherStart.details = { ...otherStart.details, run };
  expect(await firstDifference(otherStart)).toMatch(/^before round 1: the initial model differs/);
  const noPlan = await fixture();
  noPlan.details = { ...noPlan.details, plan: "{}" };
  expect(await firstDifference(noPlan)).toMatch(/^the plan is damaged/);
});

test("the file of a strategy's state is checked like a model's", async () => {
  const made = await fixture();
  const state = Uint8Array.of(1, 2, 3, 4);
  made.states.set(2, sha256Hex(state));
  made.models.set(sha256Hex(state), state);
  expect(await firstDifference(made)).toBe("");
  made.models.set(sha256Hex(state), Uint8Array.of(1, 2, 3, 5));
  expect(await firstDifference(made)).toMatch(/^round 2: strategy state file .* differs/);
  made.models.delete(sha256Hex(state));
  expect(await firstDifference(made)).toMatch(/^round 2: strategy state file .* got no file$/);
});

test("rounds that are not on the chain yet have a verdict and an exit code of their own", async () => {
  const verification = await verify(await fixture(1));
  expect(verification).toMatchObject({ differences: [], waiting: 2 });
  expect(verification.rounds.map(({ chain }) => chain)).toEqual(["holds", "waits", "waits"]);
  const told = formatVerification(verification);
  expect(told).toContain("NOT ALL OF IT IS ON THE CHAIN YET");
  expect(told).not.toContain("Everything holds");
  const yet = { code: "not-on-chain-yet", exitCode: 5 };
  expect(thrownBy(() => requireThatHolds(verification))).toMatchObject({
    ...yet,
    message: "round 2 is not on the chain yet (and 1 more); all before it holds",
  });
});

function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("a record that is missing from the chain is a difference when the round was committed", async () => {
  const missing = await fixture(2);
  const ledgerEntry = { entry: "aa", transactionHash: "bb", blockNumber: 3 };
  changeRound(missing, 3, { ledgerEntry });
  expect(await firstDifference(missing)).toContain("round 3: the chain's record differs");
});

test("a record on the chain of a round that the run does not have is named", async () => {
  const made = await fixture();
  const { run, rounds } = made.details;
  const last = rounds[1];
  made.details = {
    ...made.details,
    run: { ...run, completedRounds: 2, modelHash: last?.modelHash ?? "" },
    rounds: rounds.slice(0, 2),
  };
  expect(await firstDifference(made)).toContain("round 3: the chain's record differs");
});

test("a round that has another's number is named, whatever else holds", async () => {
  const made = await fixture(0);
  changeRound(made, 2, { round: 5 });
  expect(await firstDifference(made)).toMatch(/^the rounds' numbers differs: .*1 2 3.*1 5 3/);
});

test("damage that an audit finds in a block is named after the round that the block holds", async () => {
  const made = await fixture();
  const block = made.details.rounds[1]?.ledgerEntry?.blockNumber ?? 0;
  const got = "a record is damaged";
  made.audited.push({ round: undefined, what: "the chain", expected: undefined, got, block });
  const verification = await verify(made);
  expect(verification.differences).toMatchObject([{ round: 2, got }]);
  expect(() => requireThatHolds(verification)).toThrow("round 2: the chain is damaged");
});

test("a chain that does not hold is told, one that does not answer is thrown", async () => {
  const made = await fixture();
  const ledgerThat = (code: "broken-chain" | "unreachable") => ({
    description: "a ledger",
    history: () => Promise.reject(new LedgerError(code, "round 2 of run x does not hold")),
  });
  const source = sourceOf(made);
  const broken = await verifyRun(runId, source, ledgerThat("broken-chain"), never);
  expect(broken.differences).toMatchObject([{ what: "the chain" }]);
  expect(broken.rounds.map(({ chain }) => chain)).toEqual(["differs", "differs", "differs"]);
  await expect(verifyRun(runId, source, ledgerThat("unreachable"), never)).rejects.toThrow(
    LedgerError,
  );
});

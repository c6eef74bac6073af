import { sha256Hex } from "@chorus/aggregation";
import { LedgerError } from "@chorus/chain";
import { expect, test } from "vitest";
import { formatVerification } from "./table.ts";
import {
  changeRound,
  firstDifference,
  historyOf,
  memoryHistory,
  memoryRun,
  roundOf,
  runId,
  verify,
} from "./testing/memory-history.ts";
import { requireThatHolds, verifyRun } from "./verify-run.ts";

const never = new AbortController().signal;
const honest = memoryRun();
const fixture = (committed = 3) => memoryHistory(honest, committed);

test("an untouched history holds, and its table says so for every round", async () => {
  const verification = await verify(await fixture());
  expect(verification.differences).toEqual([]);
  expect(verification.rounds.map(({ model, sum, chain }) => [model, sum, chain])).toEqual(
    Array(3).fill(["holds", "holds", "holds"]),
  );
  expect(() => requireThatHolds(verification)).not.toThrow();
  expect(formatVerification(verification)).toContain(
    "Everything holds: the plan, the initial model and 3 rounds.",
  );
});

test("one flipped bit anywhere in a model file names the round and the file", async () => {
  const made = await fixture();
  const target = roundOf(made, 2).modelHash;
  const model = made.files.get(target) ?? new Uint8Array();
  const bits = 8 * model.length;
  for (let bit = 0; bit < bits; bit += 7) {
    const bytes = new Uint8Array(model);
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
    made.files.set(target, bytes);
    expect(await firstDifference(made)).toMatch(
      new RegExp(`^round 2: model file ${target.slice(0, 12)}… (differs|is damaged): `),
    );
  }
});

test("a model file that is cut short or missing names the round", async () => {
  const made = await fixture();
  const target = roundOf(made, 3).modelHash;
  made.files.set(target, new Uint8Array(4));
  expect(await firstDifference(made)).toMatch(/^round 3: model file .* is damaged: .*4 bytes/);
  made.files.delete(target);
  expect(await firstDifference(made)).toMatch(/^round 3: model file .* got no file$/);
});

test.each([
  ["updatesRoot", sha256Hex("another root"), "the updates root"],
  ["survivors", 3, "the number of survivors"],
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
  const initialModelHash = roundOf(otherStart, 1).modelHash;
  const run = { ...otherStart.details.run, initialModelHash };
  otherStart.details = { ...otherStart.details, run };
  expect(await firstDifference(otherStart)).toMatch(/^before round 1: the initial model differs/);
  const noPlan = await fixture();
  noPlan.details = { ...noPlan.details, plan: "{}" };
  expect(await firstDifference(noPlan)).toMatch(/^the plan is damaged/);
});

test("the file of a strategy's state is checked like a model's", async () => {
  const made = await fixture();
  const hash = made.stored.rounds.get(2)?.strategyStateHash ?? "";
  made.files.set(hash, Uint8Array.of(1, 2, 3, 4));
  expect(await firstDifference(made)).toMatch(/^round 2: strategy state file .* differs/);
  made.files.delete(hash);
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
  const block = roundOf(made, 2).ledgerEntry?.blockNumber ?? 0;
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
  const verifyWith = (code: "broken-chain" | "unreachable") =>
    verifyRun(runId, { ...historyOf(made), ledger: ledgerThat(code) }, never);
  const broken = await verifyWith("broken-chain");
  expect(broken.differences).toMatchObject([{ what: "the chain" }]);
  expect(broken.rounds.map(({ chain }) => chain)).toEqual(["differs", "differs", "differs"]);
  await expect(verifyWith("unreachable")).rejects.toThrow(LedgerError);
});

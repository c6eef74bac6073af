import fc from "fast-check";
import { expect, test } from "vitest";
import { entryHash, NO_ENTRY } from "./entry-hash.ts";
import type { LedgerEntry, RoundRecord } from "./ledger.ts";
import { hashOf, recordOf, testAccount } from "./testing/records.ts";
import { type RunState, verifyRun } from "./verify-run.ts";

const committer = testAccount("coordinator").address;
const runId = hashOf("run a");

/** A run that holds. */
function runOf(rounds: number): { found: LedgerEntry[]; state: RunState } {
  const found: LedgerEntry[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const record = recordOf("a", round);
    const entry = entryHash(found.at(-1)?.entry ?? NO_ENTRY, committer, record);
    found.push({ record, entry, transactionHash: entry, blockNumber: round });
  }
  const { planHash, modelHash } = recordOf("a", rounds);
  const entries = found.map(({ entry }) => entry);
  return { found, state: { head: headOf(rounds, planHash, modelHash, entries), entries } };
}

function headOf(round: number, planHash: string, modelHash: string, entries: string[]) {
  return { round, planHash, modelHash, entry: entries.at(-1) ?? NO_ENTRY };
}

const places = fc
  .integer({ min: 1, max: 6 })
  .chain((rounds) => fc.tuple(fc.constant(rounds), fc.integer({ min: 1, max: rounds })));

const changes: fc.Arbitrary<Partial<RoundRecord>> = fc.constantFrom(
  { planHash: hashOf("changed") },
  { parentModelHash: hashOf("changed") },
  { modelHash: hashOf("changed") },
  { updatesRoot: hashOf("changed") },
  { survivors: 4 },
  { runId: hashOf("changed") },
  { round: 99 },
);

function failure(found: readonly LedgerEntry[], state: RunState): unknown {
  try {
    return verifyRun(committer, runId, found, state);
  } catch (error) {
    return error;
  }
}

function broken(round: number) {
  const message = expect.stringContaining(`round ${round} of run ${runId} does not hold`);
  return expect.objectContaining({ name: "LedgerError", code: "broken-chain", message });
}

test("a run as it was committed holds, and so does its entry under its own committer only", () => {
  const { found, state } = runOf(4);
  expect(failure(found, state)).toBeUndefined();
  const stranger = testAccount("stranger").address;
  expect(() => verifyRun(stranger, runId, found, state)).toThrow("round 1");
});

test("a change of any field of any record is found in its round", () => {
  const law = fc.property(places, changes, ([rounds, round], change) => {
    const { found, state } = runOf(rounds);
    const changed = found.map((entry) =>
      entry.record.round === round ? { ...entry, record: { ...entry.record, ...change } } : entry,
    );
    expect(failure(changed, state)).toEqual(broken(round));
  });
  fc.assert(law);
});

test("a record that is missing or there twice is found in its round", () => {
  const law = fc.property(places, ([rounds, round]) => {
    const { found, state } = runOf(rounds);
    expect(failure(found.toSpliced(round - 1, 1), state)).toEqual(broken(round));
    const copy = found.slice(round - 1, round);
    expect(failure(found.toSpliced(round, 0, ...copy), state)).toEqual(broken(round + 1));
  });
  fc.assert(law);
});

test("an entry that differs between record and ledger's state is found in its round", () => {
  const law = fc.property(places, ([rounds, round]) => {
    const { found, state } = runOf(rounds);
    const entries = state.entries.with(round - 1, hashOf("changed"));
    expect(failure(found, { ...state, entries })).toEqual(broken(round));
    const announced = found.map((entry) =>
      entry.record.round === round ? { ...entry, entry: hashOf("changed") } : entry,
    );
    expect(failure(announced, state)).toEqual(broken(round));
  });
  fc.assert(law);
});

test.each([
  ["entry", { entry: hashOf("changed") }, 3],
  ["plan", { planHash: hashOf("changed") }, 3],
  ["model", { modelHash: hashOf("changed") }, 3],
  ["lower round", { round: 2 }, 3],
  ["higher round", { round: 4 }, 4],
])("a head with another %s does not hold", (_field, change, round) => {
  const { found, state } = runOf(3);
  const head = { ...state.head, ...change };
  expect(failure(found, { ...state, head })).toEqual(broken(round));
});

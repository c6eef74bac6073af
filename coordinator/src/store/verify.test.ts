import { seededRandom } from "@chorus/aggregation";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Database } from "./database/database.ts";
import { PgliteStore } from "./pglite-store.ts";
import type { Store } from "./store.ts";
import { type TableName, tables } from "./tables.ts";
import {
  completeNextRound,
  eventsOf,
  sampleCommit,
  sampleEvidence,
  sampleParticipant,
  sampleRun,
  startNextAttempt,
} from "./testing/sample-records.ts";

const { signal } = new AbortController();
const run = sampleRun("verified");

let database: Database;
let store: PgliteStore;

beforeAll(async () => {
  database = await Database.open(undefined, signal);
  const random = seededRandom("verify.test");
  const clock = { now: () => 1_700_000_000_000 };
  store = await PgliteStore.over(database, { federationName: "verified", clock, random });
  await store.enrol(sampleParticipant("North clinic"));
  await store.createRun(run);
  const { roundId } = await startNextAttempt(store, run.runId);
  await store.recordEvidence(sampleEvidence(roundId, sampleParticipant("North clinic")));
  await store.abandonAttempt(roundId, "the quorum was lost", 1_700_000_000_001);
  await store.recordCommit(sampleCommit(await completeNextRound(store, run.runId)));
  await store.endRun(run.runId, "stopped", 1_700_000_000_002);
}, 120_000);

afterAll(() => store[Symbol.asyncDispose]());

const tableNames: readonly TableName[] = [
  "federation",
  "participants",
  "runs",
  "attempts",
  "rounds",
  "commits",
  "evidence",
];

/** What participants told last is in no event. */
const unlogged = new Set(["backend", "software_version", "last_seen_ms"]);

/** The same value with its lowest bit flipped. */
function flipped(value: unknown): string | number {
  if (typeof value === "string") {
    const last = value.length - 1;
    return (
      value.slice(0, Math.max(last, 0)) + String.fromCharCode((value.charCodeAt(last) || 48) ^ 1)
    );
  }
  if (typeof value === "number" && Number.isInteger(value))
    return value % 2 === 0 ? value + 1 : value - 1;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number(value));
  view.setUint8(7, view.getUint8(7) ^ 1);
  return view.getFloat64(0);
}

/** Sets a column of a table's oldest row while `work` runs. */
async function withValue(
  table: string,
  column: string,
  change: (value: unknown) => string | number,
  work: () => Promise<void>,
): Promise<void> {
  const [row] = await database.query(
    `SELECT ctid::text, ${table}.* FROM ${table} ORDER BY 2 LIMIT 1`,
  );
  const original = row?.[column];
  const [changed] = await database.query(
    `UPDATE ${table} SET ${column} = $1 WHERE ctid = $2::text::tid RETURNING ctid::text`,
    [change(original), String(row?.["ctid"])],
  );
  try {
    await work();
  } finally {
    await database.query(`UPDATE ${table} SET ${column} = $1 WHERE ctid = $2::text::tid`, [
      typeof original === "number" ? original : String(original),
      String(changed?.["ctid"]),
    ]);
  }
}

describe("one flipped bit is found and named", () => {
  test.for(tableNames)("in any logged column of %s", async (name) => {
    const { key, describe: label } = tables[name];
    const [row = {}] = await database.query(`SELECT * FROM ${name} ORDER BY 1 LIMIT 1`);
    for (const column of Object.keys(row).filter((column) => !unlogged.has(column))) {
      const named = key.includes(column)
        ? "is in the log, but not in"
        : `${column} in the table is`;
      await withValue(name, column, flipped, async () => {
        const found = { code: "damaged", message: expect.stringContaining(named) };
        const verified = expect(store.verify(signal), `${name}.${column}`).rejects;
        await verified.toMatchObject(found);
        await expect(store.verify(signal)).rejects.toThrow(label(row));
      });
      await store.verify(signal);
    }
  });

  test.for(["sequence", "at_ms", "kind", "body", "hash"])(
    "in the %s of an event",
    async (column) => {
      await withValue("events", column, flipped, async () => {
        await expect(store.verify(signal)).rejects.toMatchObject({
          code: "damaged",
          message: expect.stringContaining("event 1 "),
        });
      });
      await store.verify(signal);
    },
  );

  test("in every event of the log", async () => {
    for (const [index] of (await eventsOf(store)).entries()) {
      const where = `WHERE sequence = ${index + 1}`;
      await database.query(`UPDATE events SET at_ms = at_ms + 1 ${where}`);
      await expect(store.verify(signal)).rejects.toThrow(`event ${index + 1} `);
      await database.query(`UPDATE events SET at_ms = at_ms - 1 ${where}`);
    }
    await store.verify(signal);
  });

  test("in the table of schema versions", async () => {
    await withValue(
      "schema_versions",
      "version",
      () => 5,
      async () => {
        await expect(store.verify(signal)).rejects.toThrow(
          "schema_versions has the rows 2, 3, 5, wanted 1, 2, 3",
        );
      },
    );
  });
});

test("both values of a column that differs are told", async () => {
  await withValue(
    "rounds",
    "cohort",
    () => 9,
    async () => {
      await expect(store.verify(signal)).rejects.toThrow(
        "cohort in the table is 9, the log says 5",
      );
    },
  );
});

test("of two long texts the place where they part is told", async () => {
  const change = (plan: unknown) => String(plan).replace("漢", "字").padEnd(5000);
  await withValue("runs", "plan", change, async () => {
    await expect(store.verify(signal)).rejects.toThrow(
      /plan in the table is ….*字字.*at character \d+, the log says ….*漢字/s,
    );
  });
});

test("a row that no event made is named", async () => {
  await database.query("INSERT INTO commits VALUES ('ab12', 9, 'e', 't', 1)");
  await expect(store.verify(signal)).rejects.toThrow(
    "the commit of round 9 of run ab12… is in commits, but not in the log",
  );
  await database.query("DELETE FROM commits WHERE run_id = 'ab12'");
  await store.verify(signal);
});

test("a log without its last event is found by the row that it made", async () => {
  const [last] = await database.query(
    "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events) RETURNING *",
  );
  await expect(store.verify(signal)).rejects.toThrow(
    /status in the table is stopped, the log says running/,
  );
  const values = Object.values(last ?? {}).map((value) =>
    typeof value === "number" ? value : String(value),
  );
  await database.query("INSERT INTO events VALUES ($1, $2, $3, $4, $5)", values);
  await store.verify(signal);
});

test("a value that no record can hold is damage when it is read, not a wrong number", async () => {
  await withValue(
    "runs",
    "started_at_ms",
    () => "9007199254740993",
    async () => {
      await expect(store.run(run.runId)).rejects.toMatchObject({
        code: "damaged",
        message: expect.stringMatching(/run .*startedAtMs/s),
      });
    },
  );
});

test("verification stops when its signal aborts", async () => {
  const reason = new Error("enough");
  await expect(store.verify(AbortSignal.abort(reason))).rejects.toBe(reason);
});

/** One change, chosen by two numbers; those that the store must refuse are among them. */
async function perform(label: string, kind: number, choice: number): Promise<void> {
  const { runId } = sampleRun(`${label}-${choice % 2}`);
  const [oldest] = (await store.openAttempts()).filter((attempt) => attempt.runId === runId);
  const [waiting] = (await store.outbox()).filter((result) => result.runId === runId);
  const changes: readonly (() => Promise<unknown>)[] = [
    () => store.enrol(sampleParticipant(`${label}-${choice}`)),
    () => store.createRun(sampleRun(`${label}-${choice % 2}`, 2)),
    () => startNextAttempt(store, runId),
    () => completeNextRound(store, runId),
    async () => oldest && store.abandonAttempt(oldest.roundId, `reason ${choice}`, choice),
    async () => waiting && store.recordCommit({ ...sampleCommit(waiting), blockNumber: choice }),
    () => store.endRun(runId, "stopped", choice),
  ];
  await changes[kind]?.();
}

/** What holds of every run at all times. */
async function expectWholeRuns(of: Store): Promise<void> {
  const outbox = await of.outbox();
  for (const { runId, completedRounds, modelHash, initialModelHash } of await of.runs()) {
    const rounds = await of.rounds(runId);
    expect(rounds.map(({ round }) => round)).toEqual(rounds.map((_, index) => index + 1));
    expect(rounds).toHaveLength(completedRounds);
    const models = [initialModelHash, ...rounds.map((round) => round.modelHash)];
    expect(rounds.map((round) => round.parentModelHash)).toEqual(models.slice(0, -1));
    expect(modelHash).toBe(models.at(-1));
    const waiting = rounds.filter(({ commit }) => commit === undefined).map(({ round }) => round);
    const ours = outbox.filter((result) => result.runId === runId);
    expect(ours.map(({ round }) => round)).toEqual(waiting);
  }
}

test("whatever is done, accepted or refused, tables equal the log's replay and rounds are contiguous", async () => {
  let iteration = 0;
  const step = fc.tuple(fc.nat(6), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const label = `law-${iteration++}`;
      for (const [kind, choice] of steps) {
        const before = await eventsOf(store);
        await perform(label, kind, choice).catch(async (error: unknown) => {
          expect(error).toMatchObject({ name: "StoreError" });
          expect(await eventsOf(store)).toEqual(before);
        });
      }
      await store.verify(signal);
      await expectWholeRuns(store);
    }),
    { numRuns: 20 },
  );
});

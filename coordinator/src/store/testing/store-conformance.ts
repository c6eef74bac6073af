import { describe, expect, test } from "vitest";
import type { Store, StoreErrorCode } from "../store.ts";
import { describeEvidence } from "./evidence-conformance.ts";
import {
  completeNextRound,
  eventsOf,
  hashOf,
  sampleAttempt,
  sampleCommit,
  sampleParticipant,
  sampleResult,
  sampleRun,
  startNextAttempt,
} from "./sample-records.ts";
import { expectRefusal, type UseStore } from "./use-store.ts";

/** What every store does. The tests share one store, so each has runs and participants of its own. */
export function describeStore(name: string, use: UseStore): void {
  describe(name, () => {
    describeParticipants(use);
    describeRuns(use);
    describeAttempts(use);
    describeRounds(use);
    describeEvidence(use);
    describeLedger(use);
    describeLog(use);
  });
}

function describeParticipants(use: UseStore): void {
  test("an enrolled participant is found by its id and listed by name", async () => {
    const [zebra, apple] = [sampleParticipant("Zebra clinic"), sampleParticipant("apple clinic")];
    await use(async (store) => {
      await store.enrol(apple);
      await store.enrol(zebra);
    });
    await use(async (store) => {
      expect(await store.participant(zebra.participantId)).toEqual(zebra);
      const names = (await store.participants()).map((participant) => participant.name);
      expect(names).toEqual([...names].sort());
      expect(names).toContain("apple clinic");
      expect(await store.participant(hashOf("nobody").slice(0, 32))).toBeUndefined();
    });
  });

  test("neither an id nor a name is enrolled twice", async () => {
    const first = sampleParticipant("first of its name");
    const sameName = { ...sampleParticipant("another"), name: first.name };
    await use((store) => store.enrol(first));
    await use(async (store) => {
      await expectRefusal(store, "duplicate", () => store.enrol(first));
      await expectRefusal(store, "duplicate", () => store.enrol(sameName));
      expect(await store.participant(sameName.participantId)).toBeUndefined();
    });
  });

  test("what a participant told last is kept without an event, even with characters that no column holds", async () => {
    const { participantId } = sampleParticipant("restless");
    const seen = { lastSeenMs: 1_800_000_000_000, backend: "web\0gpu", softwareVersion: "\ud800" };
    await use((store) => store.enrol(sampleParticipant("restless")));
    await use(async (store) => {
      const before = await eventsOf(store);
      await store.touchParticipant(participantId, seen);
      expect(await eventsOf(store)).toEqual(before);
      const unknown = hashOf("nobody").slice(0, 32);
      await expectRefusal(store, "unknown", () => store.touchParticipant(unknown, seen));
    });
    const kept = {
      lastSeenMs: seen.lastSeenMs,
      backend: "web\ufffdgpu",
      softwareVersion: "\ufffd",
    };
    await use(async (store) => expect(await store.participant(participantId)).toMatchObject(kept));
  });
}

function describeRuns(use: UseStore): void {
  test("a run begins with its initial model, and the newest is listed first", async () => {
    const [older, newer] = [sampleRun("older"), sampleRun("newer")];
    await use(async (store) => {
      await store.createRun(older);
      await store.createRun(newer);
      await expectRefusal(store, "duplicate", () => store.createRun(older));
    });
    const begun = { status: "running", completedRounds: 0, strategyStateHash: "", endedAtMs: 0 };
    await use(async (store) => {
      const modelHash = older.initialModelHash;
      expect(await store.run(older.runId)).toEqual({ ...older, ...begun, modelHash });
      const ids = (await store.runs()).map(({ runId }) => runId);
      expect(ids.slice(0, 2)).toEqual([newer.runId, older.runId]);
      expect(await store.run(hashOf("no run"))).toBeUndefined();
    });
  });

  test("a run ends once and takes no attempt afterwards", async () => {
    const { runId } = sampleRun("ending");
    await use(async (store) => {
      await store.createRun(sampleRun("ending"));
      await store.endRun(runId, "stopped", 1_700_000_009_999);
    });
    await use(async (store) => {
      expect(await store.run(runId)).toMatchObject({
        status: "stopped",
        endedAtMs: 1_700_000_009_999,
      });
      await expectRefusal(store, "wrong-status", () => store.endRun(runId, "completed", 1));
      await expectRefusal(store, "unknown", () => store.endRun(hashOf("no run"), "completed", 1));
      const late = sampleAttempt(runId, 1, 1);
      await expectRefusal(store, "wrong-status", () => store.startAttempt(late));
    });
  });
}

function describeAttempts(use: UseStore): void {
  test("attempts are counted, and those that neither completed nor were abandoned stay open", async () => {
    const { runId } = sampleRun("retried");
    await use((store) => store.createRun(sampleRun("retried")));
    const [first, second] = await use(async (store) => {
      const attempts = [await startNextAttempt(store, runId), await startNextAttempt(store, runId)];
      await store.abandonAttempt(sampleAttempt(runId, 1, 1).roundId, "quorum\0 was lost", 5);
      return attempts;
    });
    await use(async (store) => {
      const lastReason = "quorum\ufffd was lost";
      expect(await store.attempts(runId, 1)).toEqual({ count: 2, lastReason });
      expect(await store.attempts(runId, 2)).toEqual({ count: 0, lastReason: "" });
      const open = await store.openAttempts();
      expect(open).toContainEqual(second);
      expect(open).not.toContainEqual(first);
    });
  });

  test("only the next attempt at the next round of a known run starts", async () => {
    const { runId } = sampleRun("strict");
    await use(async (store) => {
      await store.createRun(sampleRun("strict"));
      const refused = (code: StoreErrorCode, round: number, attempt: number) =>
        expectRefusal(store, code, () => store.startAttempt(sampleAttempt(runId, round, attempt)));
      await refused("wrong-round", 2, 1);
      await refused("wrong-round", 1, 2);
      await startNextAttempt(store, runId);
      await refused("duplicate", 1, 1);
      const stray = sampleAttempt(hashOf("no run"), 1, 1);
      await expectRefusal(store, "unknown", () => store.startAttempt(stray));
    });
  });

  test("an attempt is abandoned once, and not when it is unknown or completed", async () => {
    const { runId } = sampleRun("abandoning");
    await use(async (store) => {
      await store.createRun(sampleRun("abandoning"));
      const { roundId } = await startNextAttempt(store, runId);
      await store.abandonAttempt(roundId, "once", 5);
      await expectRefusal(store, "wrong-status", () => store.abandonAttempt(roundId, "twice", 6));
      const completed = (await completeNextRound(store, runId)).roundId;
      await expectRefusal(store, "wrong-status", () => store.abandonAttempt(completed, "late", 7));
      const unknown = hashOf("no attempt");
      await expectRefusal(store, "unknown", () => store.abandonAttempt(unknown, "what", 8));
      const ids = [roundId, completed, unknown];
      expect(await Promise.all(ids.map((id) => store.wasAbandoned(id)))).toEqual([
        true,
        false,
        false,
      ]);
    });
  });
}

function describeRounds(use: UseStore): void {
  test("a completed round moves its run to the new model and state, every number exactly as given", async () => {
    const { runId } = sampleRun("advancing");
    const [first, second] = await use(async (store) => {
      await store.createRun(sampleRun("advancing"));
      return [await completeNextRound(store, runId), await completeNextRound(store, runId)];
    });
    await use(async (store) => {
      const { modelHash, strategyStateHash } = second;
      const moved = { completedRounds: 2, modelHash, strategyStateHash };
      expect(await store.run(runId)).toMatchObject(moved);
      const rows = [first, second].map((result) => ({ ...result, commit: undefined }));
      expect(await store.rounds(runId)).toEqual(rows);
      expect(await store.rounds(hashOf("no run"))).toEqual([]);
      expect(await store.completedRound(second.roundId)).toEqual(second);
      expect(await store.completedRound(hashOf("no attempt"))).toBeUndefined();
      expect(await store.runOfModel(second.modelHash)).toMatchObject({ runId });
      expect(await store.runOfModel(second.parentModelHash)).toMatchObject({ runId });
      expect(await store.runOfModel(hashOf("no model"))).toBeUndefined();
    });
  });

  test("a round that does not follow the run's last model, attempt or number is refused", async () => {
    const run = sampleRun("fork", 1);
    await use(async (store) => {
      await store.createRun(run);
      const attempt = await startNextAttempt(store, run.runId);
      const good = sampleResult(attempt, run.initialModelHash);
      const refused = (code: StoreErrorCode, wrong: Partial<typeof good>) =>
        expectRefusal(store, code, () => store.completeRound({ ...good, ...wrong }));
      await refused("wrong-round", { round: 2 });
      await refused("wrong-round", { parentModelHash: hashOf("another model") });
      await refused("wrong-round", { attempts: 2 });
      await refused("unknown", { roundId: hashOf("no attempt") });
      await refused("unknown", { runId: hashOf("no run") });
      await store.completeRound(good);
      await refused("wrong-round", {});
      const beyond = sampleAttempt(run.runId, 2, 1);
      await expectRefusal(store, "wrong-round", () => store.startAttempt(beyond));
    });
  });

  test("an abandoned attempt does not complete", async () => {
    const run = sampleRun("too late");
    await use(async (store) => {
      await store.createRun(run);
      const attempt = await startNextAttempt(store, run.runId);
      await store.abandonAttempt(attempt.roundId, "deadline", 5);
      const late = sampleResult(attempt, run.initialModelHash);
      await expectRefusal(store, "wrong-status", () => store.completeRound(late));
    });
  });
}

function describeLedger(use: UseStore): void {
  test("completed rounds wait in the outbox, oldest first, until their commit is recorded", async () => {
    const { runId } = sampleRun("committed");
    const [first, second] = await use(async (store) => {
      await store.createRun(sampleRun("committed"));
      return [await completeNextRound(store, runId), await completeNextRound(store, runId)];
    });
    const ours = async (store: Store) =>
      (await store.outbox()).filter((result) => result.runId === runId);
    await use(async (store) => {
      expect(await ours(store)).toEqual([first, second]);
      await store.recordCommit(sampleCommit(first));
    });
    await use(async (store) => {
      expect(await ours(store)).toEqual([second]);
      const [row] = await store.rounds(runId);
      expect(row?.commit).toEqual(sampleCommit(first));
    });
  });

  test("recording a commit again changes nothing, and another entry for the round is a conflict", async () => {
    const { runId } = sampleRun("twice");
    await use(async (store) => {
      await store.createRun(sampleRun("twice"));
      const commit = sampleCommit(await completeNextRound(store, runId));
      await store.recordCommit(commit);
      const before = await eventsOf(store);
      await store.recordCommit({ ...commit, transactionHash: hashOf("another transaction") });
      expect(await eventsOf(store)).toEqual(before);
      expect((await store.rounds(runId))[0]?.commit).toEqual(commit);
      const other = { ...commit, entry: hashOf("another entry") };
      await expectRefusal(store, "conflict", () => store.recordCommit(other));
      await expectRefusal(store, "unknown", () => store.recordCommit({ ...commit, round: 2 }));
    });
  });
}

function describeLog(use: UseStore): void {
  test("the log counts from 1 without gaps and begins with the federation", async () => {
    await use(async (store) => {
      const sequences: number[] = [];
      for await (const event of store.events()) {
        if (sequences.length === 0) expect(JSON.parse(event.body)).toEqual(store.federation);
        sequences.push(event.sequence);
      }
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    });
  });

  test("what no record can hold is refused before anything is written", async () => {
    const before = await use(eventsOf);
    const run = sampleRun("unstorable");
    for (const wrong of [
      { runId: "AB" },
      { plan: "\0" },
      { name: "\ud800" },
      { plannedRounds: 0.5 },
    ])
      await use((store) => expect(store.createRun({ ...run, ...wrong })).rejects.toThrow());
    expect(await use(eventsOf)).toEqual(before);
  });

  test("a store that only its own methods changed verifies", async () => {
    await use((store) => store.verify(new AbortController().signal));
  });
}

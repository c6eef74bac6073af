import { expect, test } from "vitest";
import {
  hashOf,
  sampleEvidence,
  sampleParticipant,
  sampleRun,
  startNextAttempt,
} from "./sample-records.ts";
import { expectRefusal, type UseStore } from "./use-store.ts";

/** What every store does with evidence. */
export function describeEvidence(use: UseStore): void {
  test("evidence of a run is told newest first, with the round, the attempt and the name it is about", async () => {
    const { runId } = sampleRun("suspicious");
    const [one, two] = [sampleParticipant("site one"), sampleParticipant("site two")];
    const recorded = await use(async (store) => {
      await store.enrol(one);
      await store.enrol(two);
      await store.createRun(sampleRun("suspicious"));
      const { roundId } = await startNextAttempt(store, runId);
      const late = {
        ...sampleEvidence(roundId, two),
        kind: "late-upload",
        takenDigest: "",
      } as const;
      const records = [sampleEvidence(roundId, one), sampleEvidence(roundId, two), late];
      for (const record of records) await store.recordEvidence(record);
      return records;
    });
    await use(async (store) => {
      const names = ["site two", "site two", "site one"];
      const rows = recorded.toReversed().map((record, index) => {
        return { ...record, round: 1, attempt: 1, name: names[index] };
      });
      expect(await store.evidence(runId, 10)).toEqual(rows);
      expect(await store.evidence(runId, 2)).toEqual(rows.slice(0, 2));
      expect(await store.evidence(hashOf("no run"), 10)).toEqual([]);
    });
  });

  test("evidence is of a known attempt and participant, and of one kind there is one record", async () => {
    const site = sampleParticipant("repeated site");
    const { runId } = sampleRun("repeated");
    await use(async (store) => {
      await store.enrol(site);
      await store.createRun(sampleRun("repeated"));
      const { roundId } = await startNextAttempt(store, runId);
      const record = sampleEvidence(roundId, site);
      const stray = sampleEvidence(hashOf("no attempt"), site);
      const nobodys = sampleEvidence(roundId, sampleParticipant("nobody"));
      await expectRefusal(store, "unknown", () => store.recordEvidence(stray));
      await expectRefusal(store, "unknown", () => store.recordEvidence(nobodys));
      await store.recordEvidence(record);
      await expectRefusal(store, "duplicate", () => store.recordEvidence(record));
    });
  });
}

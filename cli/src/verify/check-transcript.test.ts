import { openCommitmentScheme, planHash } from "@chorus/aggregation";
import { readTranscript } from "@chorus/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { proveSum } from "./check-transcript.ts";
import type { ExpectedRound } from "./kept-transcript.ts";
import {
  historyOf,
  keepFile,
  type MemoryHistory,
  memoryHistory,
  memoryRun,
  roundOf,
  runId,
} from "./testing/memory-history.ts";
import { samplePlan } from "./testing/sample-plan.ts";

const never = new AbortController().signal;
const honest = memoryRun();
const verifier = openCommitmentScheme();
const run = { runId, plan: samplePlan, planHash: planHash(samplePlan), dimension: 4 };

/** What comes of the second round's transcript when these bytes are published as such. */
function prove(history: MemoryHistory, bytes: Uint8Array) {
  const round = { ...roundOf(history, 2), transcriptHash: keepFile(history, bytes) };
  const expected: ExpectedRound = { run, round, federationId: undefined, roundId: undefined };
  return proveSum(expected, historyOf(history).source, verifier, never);
}

test("a transcript in which any byte is another proves nothing else, and whatever that makes of it is told, never thrown", async () => {
  const history = await memoryHistory(honest);
  const bytes = history.files.get(roundOf(history, 2).transcriptHash) ?? new Uint8Array();
  expect(await prove(history, bytes)).toMatchObject({ differences: [], proven: expect.anything() });
  // The first 6,000 bytes hold the configuration and the signatures, and most lengths.
  const place = fc.oneof(fc.nat(6000), fc.nat(bytes.length - 1));
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = new Uint8Array(bytes);
      changed[at] = (changed[at] ?? 0) ^ change;
      const { proven, differences } = await prove(history, changed);
      if (proven !== undefined) return expectSameContent(changed, bytes);
      expect(differences.length).toBeGreaterThan(0);
      expect(new Set(differences.map(({ round }) => round))).toEqual(new Set([2]));
    }),
    // The example makes the length of a message one less than what is in it.
    { numRuns: 150, examples: [[2439, 1]] },
  );
});

/** Protocol buffers have several ways to write one message, and a signature more than the threshold may be lost. */
function expectSameContent(changed: Uint8Array, original: Uint8Array): void {
  const { acks, ...content } = readTranscript(changed);
  const { acks: allAcks, ...wanted } = readTranscript(original);
  expect(content).toEqual(wanted);
  expect(allAcks).toEqual(expect.arrayContaining([...acks]));
}

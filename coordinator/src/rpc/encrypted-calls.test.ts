import type { CommittedUpload } from "@chorus/aggregation";
import { CIPHERTEXT_BYTES } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import type { ActiveRound } from "../round/active-round.ts";
import { unitPlan } from "../testing/unit-plan.ts";
import type { WireLine } from "../testing/wire-line.ts";
import { WiredFederation } from "../testing/wired-federation.ts";
import { chunkOf } from "./chunks.ts";

/** Less than an update: each needs all of it. */
const limits = { memoryBytes: 10_000, stallMs: 30_000 };
const protection = { kind: "he", valueBits: 15, clippingNorm: 1, maxExamples: 1 } as const;

/** The bytes, changed in place by `change`. */
function altered(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

/** Two ciphertexts, each sound, in each other's place. */
function swapped(bytes: Uint8Array): Uint8Array {
  return altered(bytes, (copy) => {
    copy.set(bytes.subarray(CIPHERTEXT_BYTES, 2 * CIPHERTEXT_BYTES));
    copy.set(bytes.subarray(0, CIPHERTEXT_BYTES), CIPHERTEXT_BYTES);
  });
}

/** Sends an update in every malformed way; returns what each was refused with. */
async function sendMalformed(
  line: WireLine,
  round: ActiveRound,
  committed: CommittedUpload,
  bytes: Uint8Array,
): Promise<readonly string[]> {
  const refusals: string[] = [];
  const sent = async (...[totalBytes, ...chunks]: [number, ...ReturnType<typeof chunkOf>[]]) =>
    line.send(round, committed, totalBytes, chunks).then(
      () => refusals.push("accepted"),
      (error: Error) => refusals.push(error.message),
    );
  const whole = (changed: Uint8Array) => sent(bytes.length, chunkOf(0, changed));
  await sent(bytes.length - CIPHERTEXT_BYTES, chunkOf(0, bytes.subarray(CIPHERTEXT_BYTES)));
  await sent(bytes.length, chunkOf(0, bytes.subarray(1)));
  await sent(bytes.length, { ...chunkOf(0, bytes), sha256: new Uint8Array(32) });
  await whole(altered(bytes, (copy) => copy.fill(0, CIPHERTEXT_BYTES, CIPHERTEXT_BYTES + 64)));
  await whole(altered(bytes, (copy) => copy.fill(0, 64, CIPHERTEXT_BYTES)));
  await whole(
    altered(bytes, (copy) => copy.fill(255, CIPHERTEXT_BYTES + 64, CIPHERTEXT_BYTES + 80)),
  );
  await whole(swapped(bytes));
  return refusals;
}

test("ciphertexts that are malformed in any way are refused with what is wrong, and the round goes on without their sender", async () => {
  await using wired = await WiredFederation.open(4, limits);
  const { federation, lines, puppets } = wired;
  const { runs, store } = federation;
  const [culprit, line] = [puppets[0], lines[0]];
  if (culprit === undefined || line === undefined) throw new Error("no puppet");
  let refusals: readonly string[] = [];
  let total = 0;
  culprit.line = {
    accept: (...args) => line.accept(...args),
    handOver: (...args) => line.handOver(...args),
    downloadHandover: (...args) => line.downloadHandover(...args),
    transcript: (...args) => line.transcript(...args),
    report: (...args) => line.report(...args),
    async upload(round, committed, bytes) {
      total = bytes.length;
      await expect(line.downloadHandover(round)).rejects.toThrow("no-handover: no model was");
      await expect(line.transcript(round)).rejects.toThrow("unknown-transcript: there is no");
      refusals = await sendMalformed(line, round, committed, bytes);
      round.leave(culprit.id, "gave-up");
    },
  };
  const { runId } = await runs.start(JSON.stringify(unitPlan({ select: 4, protection })));
  await federation.untilEnded(runId);
  expect(refusals).toEqual([
    `wrong-length: the update has ${total - CIPHERTEXT_BYTES} bytes, its ciphertexts ${total}`,
    `wrong-length: got ${total - 1} bytes, wanted ${total}`,
    "bad-chunk: the chunk at byte 0 does not match its hash",
    "transparent: chunk 1: the seed is all zero",
    "transparent: chunk 0: a polynomial is all zero",
    "bad-residue: chunk 1: a residue is not below the modulus",
    `wrong-upload-root: the update of ${culprit.id} is not what it signed`,
  ]);
  expect(await store.rounds(runId)).toMatchObject([{ attempts: 1, cohort: 4, survivors: 3 }]);
});

test("over the wire a model is asked for, handed over, downloaded in parts and reported, and its bytes are given back after training", async () => {
  // The second round's updates would wait for ever if the handed-over model kept its memory.
  await using wired = await WiredFederation.open(3, limits);
  const { federation, puppets } = wired;
  const { runs, store, blobs } = federation;
  federation.stored = (method) => {
    if (method === "completeRound") puppets[2]?.models.clear();
  };
  const plan = JSON.stringify(unitPlan({ rounds: 2, protection }));
  const { runId } = await runs.start(plan);
  await federation.untilEnded(runId);
  const rounds = await store.rounds(runId);
  expect(rounds).toMatchObject([{ attempts: 1 }, { attempts: 1, survivors: 3 }]);
  const [first, second] = rounds;
  expect(await blobs.size(second?.transcriptHash ?? "")).toBeGreaterThan(0);
  const uploaded = (second?.receivedBytes ?? 0) - (first?.receivedBytes ?? 0);
  // A request, an answer to it and 8 parameters more than in the first round.
  expect(uploaded).toBeGreaterThan(500);
  expect(uploaded).toBeLessThan(1_500);
});

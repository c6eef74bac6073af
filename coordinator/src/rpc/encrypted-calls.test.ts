import type { CommittedUpload } from "@chorus/aggregation";
import { CIPHERTEXT_BYTES } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import type { ActiveRound } from "../round/active-round.ts";
import type { EncryptedPuppet } from "../testing/encrypted-puppet.ts";
import type { PuppetLine } from "../testing/puppet-line.ts";
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

/** What a line says, for a test to change. */
function spoken(line: WireLine): PuppetLine {
  return {
    accept: (...args) => line.accept(...args),
    handOver: (...args) => line.handOver(...args),
    downloadHandover: (...args) => line.downloadHandover(...args),
    upload: (...args) => line.upload(...args),
    transcript: (...args) => line.transcript(...args),
    report: (...args) => line.report(...args),
  };
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
  const [culprit, line] = [puppets[0] as EncryptedPuppet, lines[0] as WireLine];
  let refusals: readonly string[] = [];
  let total = 0;
  culprit.line = {
    ...spoken(line),
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

/** A run's second round, in which the last puppet lacks the model. */
async function lackingOne(wired: WiredFederation): Promise<{ done: Promise<void>; runId: string }> {
  const { federation, puppets } = wired;
  federation.stored = (method) => {
    if (method === "completeRound") puppets.at(-1)?.models.clear();
  };
  const { runId } = await federation.runs.start(
    JSON.stringify(unitPlan({ rounds: 2, protection })),
  );
  return { runId, done: federation.untilEnded(runId) };
}

test("a model is announced in vain by who was not asked for it, and one that is larger than a model can be, before any of its bytes come", async () => {
  await using wired = await WiredFederation.open(3, limits);
  const { federation, lines, puppets } = wired;
  const refusals: string[] = [];
  for (const [place, line] of lines.entries()) {
    const handOver = async (...[round, model]: Parameters<PuppetLine["handOver"]>) => {
      const strangers = lines.filter((_, other) => other !== place);
      for (const [one, bytes] of [
        ...strangers.map((stranger) => [stranger, model.sealed.length] as const),
        [line, model.sealed.length + 1] as const,
      ])
        await one
          .announceHandover(round, bytes)
          .catch(({ message }: Error) => refusals.push(message));
      await line.handOver(round, model);
    };
    (puppets[place] as EncryptedPuppet).line = { ...spoken(line), handOver };
  }
  const { done, runId } = await lackingOne(wired);
  await done;
  expect(refusals).toEqual([
    expect.stringMatching(/^unasked-handover: [0-9a-f]{32} is not asked for the model$/),
    expect.stringMatching(/^unasked-handover: /),
    expect.stringMatching(/^wrong-length: the model has (\d+) bytes, wanted \d+ at most$/),
  ]);
  expect(await federation.store.rounds(runId)).toHaveLength(2);
});

test("a model that was handed over takes of the memory for such models until those who asked have trained", async () => {
  await using wired = await WiredFederation.open(3, limits);
  const { handoverMemory, puppets, lines } = wired;
  const asking = puppets[2] as EncryptedPuppet;
  const line = lines[2] as WireLine;
  const taken: Promise<Disposable>[] = [];
  let isFree = false;
  asking.line = {
    ...spoken(line),
    async downloadHandover(round) {
      const taking = handoverMemory.take(limits.memoryBytes, AbortSignal.timeout(60_000));
      taken.push(taking);
      void taking.then(() => {
        isFree = true;
      });
      const sealed = await line.downloadHandover(round);
      expect(isFree).toBe(false);
      return sealed;
    },
  };
  const { done } = await lackingOne(wired);
  await done;
  expect(taken).toHaveLength(1);
  for (const taking of taken) (await taking)[Symbol.dispose]();
});

test("when the stream of a giver's instructions ends, another one is asked for the model at once", async () => {
  await using wired = await WiredFederation.open(3, limits);
  const { federation, lines, puppets } = wired;
  const asked: number[] = [];
  for (const [place, line] of lines.entries()) {
    const handOver = async () => {
      asked.push(place);
      if (asked.length === 1) await line.hangUp();
    };
    (puppets[place] as EncryptedPuppet).line = { ...spoken(line), handOver };
  }
  const { done, runId } = await lackingOne(wired);
  await federation.until(() => asked.length === 2);
  expect(asked.toSorted()).toEqual([0, 1]);
  await federation.runs.stop(runId);
  await done;
});

test("a report is refused that another one signed, or that is for another configuration", async () => {
  await using wired = await WiredFederation.open(3, limits);
  const { federation, puppets, lines } = wired;
  const [sender, other] = [puppets[0] as EncryptedPuppet, puppets[1] as EncryptedPuppet];
  const line = lines[0] as WireLine;
  const refusals: string[] = [];
  sender.line = {
    ...spoken(line),
    async report(round, report) {
      const refused = (sent: Promise<void>) =>
        sent.catch(({ message }: Error) => refusals.push(message));
      await refused(line.report(round, { ...report, participantId: other.id }));
      await refused(line.reportFor(round, "1".repeat(64), report));
      await line.report(round, report);
    },
  };
  const { runId } = await federation.runs.start(JSON.stringify(unitPlan({ protection })));
  await federation.untilEnded(runId);
  expect(refusals).toEqual([
    `not-in-cohort: the message is signed as ${other.id}, the session is ${sender.id}'s`,
    expect.stringMatching(/^wrong-config: the message is not for configuration /),
  ]);
  expect(await federation.store.rounds(runId)).toMatchObject([{ attempts: 1, survivors: 3 }]);
});

test("over the wire a model is asked for, handed over, downloaded in parts and reported, and its bytes are given back after training", async () => {
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

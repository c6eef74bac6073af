import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  canonicalPlan,
  configHash,
  type Hash,
  openCommitmentScheme,
  planHash,
  seededRandom,
  sha256Hex,
} from "@chorus/aggregation";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CipherThreads } from "../he/cipher-threads.ts";
import { ModelStore } from "../models/model-store.ts";
import { ENCRYPTED_PLAN, encryptedConfigFor } from "../testing/encrypted-round.ts";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { formedTranscript } from "../testing/formed-transcript.ts";
import { LAYOUT, MODEL, MODEL_HASH, RUN_ID } from "../testing/tiny-round.ts";
import { Uplink } from "../uplink.ts";
import { Auditor } from "./auditor.ts";
import { Evidence } from "./evidence.ts";
import { RoundOpening } from "./round-opening.ts";

const log = pino({ level: "silent" });
const verifier = openCommitmentScheme();
const plan = ENCRYPTED_PLAN;

let directory: string;
let threads: CipherThreads;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "keys-"));
  // No thread of these has anything to do.
  threads = new CipherThreads(new URL("../testing/dying-cipher.ts", import.meta.url));
});
afterAll(async () => {
  await threads[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** An auditor, and what signs a round of a run for it: with what that could be opened with. */
async function signing() {
  const uplink = new Uplink({ random: seededRandom("keys"), sleep: new FakeSleep().sleep });
  const evidence = await Evidence.open(directory);
  const models = await ModelStore.open(directory, log);
  const auditor = new Auditor({ uplink, verifier, evidence, models, log });
  const sign = (roundId: Hash, runId: Hash = RUN_ID): RoundOpening => {
    const keys = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
    const trained = keys.map((key) => ({ identityKey: key, graphNonceCommitment: key }));
    const config = encryptedConfigFor(trained, { roundId, runId });
    const offer = { roundId, runId, round: 1, modelHash: MODEL_HASH, stateHash: "" };
    const text = { plan: canonicalPlan(ENCRYPTED_PLAN), planHash: planHash(ENCRYPTED_PLAN) };
    const facts = { offer: { ...offer, ...text }, plan, layout: LAYOUT };
    const cipher = threads.start();
    const parent = { model: MODEL, state: undefined };
    const opening = new RoundOpening({ facts, config, parent }, cipher, { models, verifier });
    const ack = { participantId: "0".repeat(32), signature: new Uint8Array(64) };
    auditor.signed({ facts, config, configHash: configHash(config), ack, opening });
    return opening;
  };
  const end = (roundId: Hash, abandoned: string) =>
    auditor.ended({ kind: "round-ended", roundId, abandoned, modelHash: "09".repeat(32) });
  return { auditor, sign, end };
}

const [FIRST, SECOND] = ["01".repeat(32), "02".repeat(32)];

test("who leaves a round that it signed has its key no more, whatever comes of the round", async () => {
  const { auditor, sign, end } = await signing();
  const opening = sign(FIRST);
  expect(opening.canOpen).toBe(true);
  auditor.left(SECOND);
  expect(opening.canOpen).toBe(true);
  auditor.left(FIRST);
  expect(opening.canOpen).toBe(false);
  end(FIRST, "");
  expect(opening.canOpen).toBe(false);
});

test("the key of a completed round stays until its sum is opened, that of an abandoned one goes at once", async () => {
  const { auditor, sign, end } = await signing();
  const completed = sign(FIRST);
  end(FIRST, "");
  auditor.left(FIRST);
  expect(completed.canOpen).toBe(true);
  const abandoned = sign(SECOND);
  expect(completed.canOpen).toBe(false);
  end(SECOND, "too few");
  expect(abandoned.canOpen).toBe(false);
});

test("the keys of the four runs that were signed last are kept at most", async () => {
  const { sign } = await signing();
  const ids = Array.from({ length: 5 }, (_, i) => sha256Hex(`run ${i}`));
  const openings = ids.map((id) => sign(id, id));
  expect(openings.map(({ canOpen }) => canOpen)).toEqual([false, true, true, true, true]);
});

test("a sum is opened once, whatever comes of it; only what was cancelled can be tried again", async () => {
  const { sign } = await signing();
  const [failed, cancelled] = [sign(FIRST, FIRST), sign(SECOND, SECOND)];
  const transcript = formedTranscript(3);
  const [ack] = transcript.acks;
  if (ack === undefined) throw new Error("nobody signed");
  const { signal } = new AbortController();
  const refused = { name: "MaskingError", code: "bad-signature" };
  await expect(failed.open(transcript, ack, signal)).rejects.toMatchObject(refused);
  expect(failed.canOpen).toBe(false);
  await expect(failed.open(transcript, ack, signal)).rejects.toThrow("the round's key was wiped");
  const stopped = AbortSignal.abort();
  await expect(cancelled.open(transcript, ack, stopped)).rejects.toMatchObject(refused);
  expect(cancelled.canOpen).toBe(true);
});

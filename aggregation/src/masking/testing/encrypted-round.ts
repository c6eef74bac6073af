import { EncryptedSum } from "../../he/encrypted-sum.ts";
import { ParticipantCipher } from "../../he/participant-cipher.ts";
import type { Identity } from "../../identity.ts";
import { seededRandom } from "../../random.ts";
import type { EncryptedTranscript } from "../../transcript/transcript.ts";
import { addRing } from "../../vector.ts";
import type { Collection } from "../aggregator-collection.ts";
import type { KeySharing } from "../aggregator-sharing.ts";
import type { Unmasking } from "../aggregator-unmasking.ts";
import type { EncryptedRoundConfig } from "../config.ts";
import {
  ciphertextBytes,
  encryptedSumBytes,
  heConfigFor,
  heParametersOf,
  valueCountOf,
} from "../encryption.ts";
import type { MaskSeeds } from "../mask-set.ts";
import type { ParticipantId } from "../messages.ts";
import type { ConfirmingStage } from "../participant-confirming.ts";
import type { EncryptionJob } from "../participant-encrypting.ts";
import type { Encoded } from "../participant-masking.ts";
import type { SharingStage } from "../participant-sharing.ts";
import type { Update } from "../quantiser.ts";
import {
  advertise,
  confirm,
  makeConfig,
  reveal,
  type Step,
  share,
  stageOf,
  stepOf,
  toolsFor,
} from "./round.ts";

/** A sound configuration of an encrypted round for these participants, for values of 8 bits. */
export function makeEncryptedConfig(
  identities: readonly Identity[],
  overrides: Partial<EncryptedRoundConfig> = {},
): EncryptedRoundConfig {
  const { ringBits: _, scaleBits: __, ...common } = makeConfig(identities);
  return { ...common, he: heConfigFor(8, identities.length, ""), ...overrides };
}

/** An update that changes one parameter alone, by 1: who is lost or counted twice is seen in the mean. */
export function unitUpdate(dimension: number, index: number): Update {
  const delta = new Float32Array(dimension);
  delta[index] = 1;
  const counts = {
    trainingExamples: 100,
    evaluationExamples: 70_000,
    evaluationCorrect: index,
    evaluationLossMillis: 2 ** 31,
  };
  return { delta, counts };
}

/** Sharing ends; `who` commit to their updates. */
export function encode(
  before: Step<KeySharing, SharingStage>,
  updateOf: (id: ParticipantId) => Update,
  who: Iterable<ParticipantId> = before.stages.keys(),
): Step<Collection, Encoded> {
  const server = before.server.close();
  return stepOf(server, who, (id) => {
    const masking = stageOf(before, id).openShares(server.sharers, server.sealedSharesFor(id));
    return masking.encode(updateOf(id), toolsFor(id));
  });
}

/** Everybody who is still there signs what becomes of its job, and uploads it. */
export function uploadCiphertexts(
  { server, stages }: Step<Collection, Encoded>,
  ciphertextsOf: (job: EncryptionJob, id: ParticipantId) => Uint8Array,
): Step<Collection, ConfirmingStage> {
  return stepOf(server, stages.keys(), (id) => {
    const { job, stage } = stageOf({ server, stages }, id);
    const ciphertexts = ciphertextsOf(job, id);
    const signed = stage.sign(ciphertexts);
    server.accept(signed, ciphertexts);
    return signed;
  });
}

/** Bytes as many as ciphertexts have, for tests that decrypt nothing. */
export function ciphertextsLike(config: EncryptedRoundConfig, seed: string): Uint8Array {
  const bytes = new Uint8Array(ciphertextBytes(config));
  seededRandom(seed).fill(bytes);
  return bytes;
}

/** The sum of values, as the right key opens it. */
export function plainSums(
  config: EncryptedRoundConfig,
  values: Iterable<Uint16Array>,
): Uint32Array {
  const sums = new Uint32Array(valueCountOf(config));
  for (const one of values) addRing(sums, new Uint32Array(one));
  return sums;
}

/** The cipher of a job's key. */
export function openCipher({ parameters, keySeed }: EncryptionJob): Promise<ParticipantCipher> {
  return ParticipantCipher.open(parameters, keySeed);
}

/** What the coordinator makes of uploads: their sum, the masks taken off. */
export async function encryptedSumOf(
  config: EncryptedRoundConfig,
  uploads: Iterable<Uint8Array>,
  masks: MaskSeeds,
): Promise<Uint8Array> {
  using sum = await EncryptedSum.open(heParametersOf(config), valueCountOf(config));
  for (const ciphertexts of uploads) await sum.add(sum.check(ciphertexts));
  return await sum.takeOff(masks);
}

/** A round of which nothing is encrypted or decrypted: ciphertexts and their sum are any bytes. */
export interface UnsealedRound {
  readonly unmasking: Unmasking;
  /** Without reports. */
  readonly transcript: EncryptedTranscript;
  /** What the right key would open, had they been ciphertexts. */
  readonly sums: Uint32Array;
}

/** Plays it to its end. Each of `uploading` is part of the identities, each of `confirming` of `uploading`. */
export function playUnsealed(
  config: EncryptedRoundConfig,
  identities: readonly Identity[],
  uploading: readonly ParticipantId[],
  confirming: readonly ParticipantId[],
): UnsealedRound {
  const index = (id: ParticipantId) => identities.findIndex((one) => one.participantId === id);
  const updateOf = (id: ParticipantId) => unitUpdate(config.dimension, index(id));
  const encoded = encode(share(advertise(config, identities)), updateOf, uploading);
  const values = [...encoded.stages.values()].map(({ job }) => job.values);
  const uploaded = uploadCiphertexts(encoded, (_, id) => ciphertextsLike(config, id));
  const unmasking = reveal(confirm(uploaded, confirming));
  const encryptedSum = new Uint8Array(encryptedSumBytes(config)).fill(7);
  const transcript = unmasking.encryptedTranscript(encryptedSum);
  return { unmasking, transcript, sums: plainSums(config, values) };
}

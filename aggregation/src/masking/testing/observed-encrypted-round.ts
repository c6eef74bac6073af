import { EncryptedSum } from "../../he/encrypted-sum.ts";
import { ParticipantCipher } from "../../he/participant-cipher.ts";
import type { Identity } from "../../identity.ts";
import { RandomNumbers, seededRandom } from "../../random.ts";
import type { EncryptedTranscript } from "../../transcript/transcript.ts";
import type { EncryptedRoundConfig } from "../config.ts";
import { heParametersOf, valueCountOf } from "../encryption.ts";
import type { ParticipantId, RevealedShares, SealedShare } from "../messages.ts";
import type { ConfirmingStage } from "../participant-confirming.ts";
import { makeEncryptedConfig } from "./encrypted-round.ts";
import { advertise, confirm, share, stageOf, toolsFor } from "./round.ts";

/** For tests: all that is sent in one encrypted round, and what nobody sends. */
export interface ObservedEncryptedRound {
  readonly config: EncryptedRoundConfig;
  readonly identities: readonly Identity[];
  /** By sender. */
  readonly sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>;
  /** By survivor: the values that it encrypted, shape `[valueCountOf(config)]`. */
  readonly bare: ReadonlyMap<ParticipantId, Uint16Array>;
  /** By survivor. */
  readonly ciphertexts: ReadonlyMap<ParticipantId, Uint8Array>;
  /** By survivor. */
  readonly revealed: ReadonlyMap<ParticipantId, RevealedShares>;
  /** Without reports. */
  readonly transcript: EncryptedTranscript;
}

/** Plays a round in which nobody lies; all share keys, and `lost` are not heard of again. */
export async function observeEncryptedRound(
  identities: readonly Identity[],
  lost: ReadonlySet<ParticipantId>,
): Promise<ObservedEncryptedRound> {
  const config = makeEncryptedConfig(identities);
  const parameters = heParametersOf(config);
  using sum = await EncryptedSum.open(parameters, valueCountOf(config));
  const shared = share(advertise(config, identities));
  const collection = shared.server.close();
  const stages = new Map<ParticipantId, ConfirmingStage>();
  const bare = new Map<ParticipantId, Uint16Array>();
  const ciphertexts = new Map<ParticipantId, Uint8Array>();
  for (const [id, sharing] of shared.stages) {
    if (lost.has(id)) continue;
    const masking = sharing.openShares(collection.sharers, collection.sealedSharesFor(id));
    const { job, stage } = masking.encode(updateOf(config, id), toolsFor(id));
    bare.set(id, job.values.slice());
    using cipher = await ParticipantCipher.open(parameters, job.keySeed);
    const encrypted = cipher.encrypt(job.values, job.masks);
    const confirming = stage.sign(encrypted);
    collection.accept(confirming, encrypted);
    await sum.add(sum.check(encrypted));
    ciphertexts.set(id, encrypted);
    stages.set(id, confirming);
  }
  const confirmed = confirm({ server: collection, stages });
  const unmasking = confirmed.server.close();
  const revealed = new Map<ParticipantId, RevealedShares>();
  for (const id of stages.keys()) {
    const shares = stageOf(confirmed, id).reveal(unmasking.acksFor(id));
    unmasking.reveal(id, shares);
    revealed.set(id, shares);
  }
  const encryptedSum = await sum.takeOff(unmasking.closeAsSeeds());
  const transcript = unmasking.encryptedTranscript(encryptedSum);
  const sealed = new Map([...shared.stages].map(([id, stage]) => [id, stage.sealedShares]));
  return { config, identities, sealed, bare, ciphertexts, revealed, transcript };
}

/** A participant's update, the same in every round of the tests. */
function updateOf({ dimension }: EncryptedRoundConfig, id: ParticipantId) {
  const numbers = new RandomNumbers(seededRandom(`update of ${id}`));
  return {
    delta: Float32Array.from({ length: dimension }, () => numbers.unit() - 0.5),
    counts: {
      trainingExamples: 100,
      evaluationExamples: 10,
      evaluationCorrect: 5,
      evaluationLossMillis: 700,
    },
  };
}

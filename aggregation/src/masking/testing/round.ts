import { hexOf } from "../../hex.ts";
import { createIdentity, type Identity } from "../../identity.ts";
import { uploadRoot } from "../../merkle.ts";
import { RandomNumbers, seededRandom } from "../../random.ts";
import { bytesOfWords } from "../../vector.ts";
import { KeyAdvertising } from "../aggregator-advertising.ts";
import type { Collection } from "../aggregator-collection.ts";
import type { Confirmation } from "../aggregator-confirmation.ts";
import type { KeySharing } from "../aggregator-sharing.ts";
import type { Unmasking } from "../aggregator-unmasking.ts";
import { type RoundConfig, scaleBitsFor, thresholdFor } from "../config.ts";
import type { ParticipantId } from "../messages.ts";
import { AdvertisingStage } from "../participant-advertising.ts";
import type { ConfirmingStage } from "../participant-confirming.ts";
import type { RevealingStage } from "../participant-revealing.ts";
import type { SharingStage } from "../participant-sharing.ts";
import { vectorLength } from "../update-vector.ts";

/** For tests: the server's stage, and the stage of every participant that is still there. */
export interface Step<Server, Stage> {
  readonly server: Server;
  readonly stages: ReadonlyMap<ParticipantId, Stage>;
}

/** The item at an index that must exist. */
export function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} among ${items.length}`);
  return item;
}

/** Identities that repeat, sorted by id. */
export function makeIdentities(count: number): Identity[] {
  const identities = Array.from({ length: count }, (_, i) => {
    const seed = new Uint8Array(32);
    seededRandom(`identity ${i}`).fill(seed);
    return createIdentity(seed);
  });
  return identities.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
}

/** A sound configuration for these participants. */
export function makeConfig(
  identities: readonly Identity[],
  overrides: Partial<RoundConfig> = {},
): RoundConfig {
  const clippingNorm = overrides.clippingNorm ?? 20;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    federationId: "aa".repeat(32),
    runId: "bb".repeat(32),
    round: 1,
    roundId: "cc".repeat(32),
    planHash: "dd".repeat(32),
    parentModelHash: "ee".repeat(32),
    cohort: identities.map(({ participantId, publicKey }) => ({
      participantId,
      identityKey: hexOf(publicKey),
    })),
    threshold: thresholdFor(identities.length),
    minSurvivors: 2,
    dimension: 5,
    ringBits: 32,
    scaleBits: scaleBitsFor(identities.length, clippingNorm),
    clippingNorm,
    maxExamples: 1000,
    ...overrides,
  };
}

/** Uniform words that repeat, as many as a vector of the round has. */
export function makeVector(config: RoundConfig, seed: string): Uint32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Uint32Array.from({ length: vectorLength(config.dimension) }, () => numbers.word());
}

/** `who` begin the round and advertise their keys. */
export function advertise(
  config: RoundConfig,
  who: readonly Identity[],
): Step<KeyAdvertising, AdvertisingStage> {
  const server = new KeyAdvertising(config);
  const stages = new Map<ParticipantId, AdvertisingStage>();
  for (const identity of who) {
    const random = seededRandom(`secrets of ${identity.participantId}`);
    const stage = AdvertisingStage.begin(config, identity, random);
    server.advertise(stage.advertisement);
    stages.set(identity.participantId, stage);
  }
  return { server, stages };
}

/** Advertising ends; `who` open the key book and share. */
export function share(
  before: Step<KeyAdvertising, AdvertisingStage>,
  who: Iterable<ParticipantId> = before.stages.keys(),
): Step<KeySharing, SharingStage> {
  const server = before.server.close();
  return stepOf(server, who, (id) => {
    const stage = stageOf(before, id).openKeyBook(server.keyBook);
    server.share(id, stage.sealedShares);
    return stage;
  });
}

/** Sharing ends; `who` mask their vectors and upload them. */
export function upload(
  before: Step<KeySharing, SharingStage>,
  vectorOf: (id: ParticipantId) => Uint32Array,
  who: Iterable<ParticipantId> = before.stages.keys(),
): Step<Collection, ConfirmingStage> {
  const server = before.server.close();
  return stepOf(server, who, (id) => {
    const masking = stageOf(before, id).openShares(server.sharers, server.sealedSharesFor(id));
    const masked = vectorOf(id).slice();
    masking.mask(masked);
    const stage = masking.commit(uploadRoot(bytesOfWords(masked)));
    server.submit(stage.commitment, masked);
    return stage;
  });
}

/** Collection ends; `who` sign the survivors. */
export function confirm(
  before: Step<Collection, ConfirmingStage>,
  who: Iterable<ParticipantId> = before.stages.keys(),
): Step<Confirmation, RevealingStage> {
  const server = before.server.close();
  return stepOf(server, who, (id) => {
    const stage = stageOf(before, id).confirm(server.survivors);
    server.confirm(stage.ack);
    return stage;
  });
}

/** Confirmation ends; `who` reveal. */
export function reveal(
  before: Step<Confirmation, RevealingStage>,
  who: Iterable<ParticipantId> = before.stages.keys(),
): Unmasking {
  const server = before.server.close();
  for (const id of who) server.reveal(id, stageOf(before, id).reveal(server.acks));
  return server;
}

/** The stage of a participant that must be there. */
export function stageOf<Stage>(step: Step<unknown, Stage>, id: ParticipantId): Stage {
  const stage = step.stages.get(id);
  if (stage === undefined) throw new Error(`${id} is not there any more`);
  return stage;
}

function stepOf<Server, Stage>(
  server: Server,
  who: Iterable<ParticipantId>,
  advance: (id: ParticipantId) => Stage,
): Step<Server, Stage> {
  const stages = new Map<ParticipantId, Stage>();
  for (const id of who) stages.set(id, advance(id));
  return { server, stages };
}

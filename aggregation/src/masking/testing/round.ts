import type { CommitmentScheme } from "../../commitment/commitment-scheme.ts";
import { openCommitmentScheme } from "../../commitment/open-scheme.ts";
import { graphNonceCommitment } from "../../graph/graph-seed.ts";
import { hexOf } from "../../hex.ts";
import { createIdentity, type Identity } from "../../identity.ts";
import { RandomNumbers, seededRandom } from "../../random.ts";
import { KeyAdvertising } from "../aggregator-advertising.ts";
import type { Collection } from "../aggregator-collection.ts";
import type { Confirmation } from "../aggregator-confirmation.ts";
import type { KeySharing } from "../aggregator-sharing.ts";
import type { Unmasking } from "../aggregator-unmasking.ts";
import { type MaskedRoundConfig, type RoundConfig, scaleBitsFor } from "../config.ts";
import { ExchangeContext } from "../exchange-context.ts";
import { type Guard, strictGuard } from "../guard.ts";
import type { KeyAdvertisement, ParticipantId } from "../messages.ts";
import { neighbourhoodFor } from "../neighbourhood.ts";
import { AdvertisingStage, type ParticipantSecrets } from "../participant-advertising.ts";
import type { ConfirmingStage } from "../participant-confirming.ts";
import type { MaskingTools } from "../participant-masking.ts";
import type { RevealingStage } from "../participant-revealing.ts";
import type { SharingStage } from "../participant-sharing.ts";
import { RoundContext } from "../round-context.ts";
import { contentLength, vectorLength } from "../update-vector.ts";

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

/** What everybody in the tests commits with. */
export const SCHEME: CommitmentScheme = openCommitmentScheme();

/** What a vector is masked with, the same for one seed. */
export function toolsFor(seed: string): MaskingTools {
  return { committer: SCHEME, random: seededRandom(`commitment ${seed}`) };
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

/** The nonce of an identity, the same in every round of the tests. */
export function nonceOf({ participantId }: Identity): Uint8Array {
  const nonce = new Uint8Array(32);
  seededRandom(`nonce of ${participantId}`).fill(nonce);
  return nonce;
}

/** What an identity begins a round with; `seed` tells its keys apart. */
export function secretsOf(
  identity: Identity,
  seed = `secrets of ${identity.participantId}`,
): ParticipantSecrets {
  return { identity, graphNonce: nonceOf(identity), random: seededRandom(seed) };
}

/** A sound configuration for these participants. */
export function makeConfig(
  identities: readonly Identity[],
  overrides: Partial<MaskedRoundConfig> = {},
): MaskedRoundConfig {
  const clippingNorm = overrides.clippingNorm ?? 20;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId: "aa".repeat(32),
    runId: "bb".repeat(32),
    round: 1,
    roundId: "cc".repeat(32),
    planHash: "dd".repeat(32),
    parentModelHash: "ee".repeat(32),
    cohort: identities.map((identity) => ({
      participantId: identity.participantId,
      identityKey: hexOf(identity.publicKey),
      nonceCommitment: hexOf(graphNonceCommitment(identity.participantId, nonceOf(identity))),
    })),
    ...neighbourhoodFor(identities.length),
    minSurvivors: 2,
    dimension: 5,
    ringBits: 32,
    scaleBits: scaleBitsFor(identities.length, clippingNorm),
    clippingNorm,
    maxExamples: 1000,
    ...overrides,
  };
}

/** A vector of the round with content that repeats: 24-bit words, whose sums do not wrap. */
export function makeVector(config: RoundConfig, seed: string): Uint32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  const vector = new Uint32Array(vectorLength(config.dimension));
  return vector.map((_, place) =>
    place < contentLength(config.dimension) ? numbers.word() >>> 8 : 0,
  );
}

/** The round of these participants after all of them have advertised. */
export function makeExchange(
  config: RoundConfig,
  identities: readonly Identity[],
  guard: Guard = strictGuard,
): ExchangeContext {
  const advertisements = identities.map(
    (identity): KeyAdvertisement =>
      AdvertisingStage.begin(config, secretsOf(identity), guard).advertisement,
  );
  return new ExchangeContext(new RoundContext(config, guard), advertisements);
}

/** `who` begin the round and advertise their keys. */
export function advertise(
  config: RoundConfig,
  who: readonly Identity[],
  guard: Guard = strictGuard,
): Step<KeyAdvertising, AdvertisingStage> {
  const server = new KeyAdvertising(config, guard);
  const stages = new Map<ParticipantId, AdvertisingStage>();
  for (const identity of who) {
    const stage = AdvertisingStage.begin(config, secretsOf(identity), guard);
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
    const stage = masking.mask(masked, toolsFor(id));
    server.submit(stage, masked);
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
  for (const id of who) server.reveal(id, stageOf(before, id).reveal(server.acksFor(id)));
  return server;
}

/** The stage of a participant that must be there. */
export function stageOf<Stage>(step: Step<unknown, Stage>, id: ParticipantId): Stage {
  const stage = step.stages.get(id);
  if (stage === undefined) throw new Error(`${id} is not there any more`);
  return stage;
}

/** The same step of everybody in `who`. */
export function stepOf<Server, Stage>(
  server: Server,
  who: Iterable<ParticipantId>,
  advance: (id: ParticipantId) => Stage,
): Step<Server, Stage> {
  const stages = new Map<ParticipantId, Stage>();
  for (const id of who) stages.set(id, advance(id));
  return { server, stages };
}

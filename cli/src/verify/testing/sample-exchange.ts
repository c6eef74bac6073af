import {
  AdvertisingStage,
  bytesToHex,
  type Collection,
  type CommonRoundConfig,
  type ConfirmingStage,
  ciphertextBytes,
  createIdentity,
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  encodeUpdate,
  encryptedSumBytes,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Hash,
  type Identity,
  KeyAdvertising,
  type MaskedRoundConfig,
  type MaskedTranscript,
  type MaskingStage,
  openCommitmentScheme,
  type RandomSource,
  type RoundConfig,
  seededRandom,
  type Unmasking,
  type Update,
} from "@chorus/aggregation";

/** What a masked round's exchange came to. */
export interface Exchanged {
  readonly transcript: MaskedTranscript;
  readonly updatesRoot: Hash;
}

/** What an encrypted round's exchange came to, before anybody has opened its sum. */
export interface EncryptedExchange {
  readonly transcript: EncryptedTranscript;
  readonly updatesRoot: Hash;
}

/** A participant that gives the same in every exchange of the same round. */
interface Member {
  readonly identity: Identity;
  readonly graphNonce: Uint8Array;
}

/** Four participants that repeat, sorted by id. */
export const members: readonly Member[] = [0, 1, 2, 3]
  .map((place) => {
    const random = seededRandom(`sample participant ${place}`);
    const identity = createIdentity(filled(random, 32));
    return { identity, graphNonce: filled(random, GRAPH_NONCE_BYTES) };
  })
  .toSorted((a, b) => (a.identity.participantId < b.identity.participantId ? -1 : 1));

/** The members as a configuration has them. */
export const cohort: RoundConfig["cohort"] = members.map(({ identity, graphNonce }) => {
  const { participantId, publicKey } = identity;
  const nonceCommitment = bytesToHex(graphNonceCommitment(participantId, graphNonce), 32);
  return { participantId, identityKey: bytesToHex(publicKey, 32), nonceCommitment };
});

const committer = openCommitmentScheme();

/** The update of the member at a place: a half in the parameter of that place, with counts of its own. */
export function updateOf(place: number, { dimension, round }: CommonRoundConfig): Update {
  const counts = {
    trainingExamples: 5 + place,
    evaluationExamples: 3,
    evaluationCorrect: place,
    evaluationLossMillis: 100 * round + place,
  };
  return { delta: new Float32Array(dimension).fill(0.5, place, place + 1), counts };
}

/** Leads the members through a masked round; those at the places `uploading` deliver their updates. */
export function maskedRound(config: MaskedRoundConfig, uploading: readonly number[]): Exchanged {
  const { unmasking, updatesRoot } = exchange(config, uploading, (masking, collection, member) => {
    const { place, random } = member;
    const vector = encodeUpdate(updateOf(place, config), config, random);
    const uploaded = masking.mask(vector, { committer, random });
    collection.submit(uploaded, vector);
    return uploaded;
  });
  return { transcript: unmasking.transcriptOf(unmasking.close()), updatesRoot };
}

/**
 * Leads the members through an encrypted round, but for the encryption: ciphertexts and sum are bytes that nobody can open,
 * which nobody without the round's key can tell.
 */
export function encryptedRound(
  config: EncryptedRoundConfig,
  uploading: readonly number[],
): EncryptedExchange {
  const { unmasking, updatesRoot } = exchange(config, uploading, (masking, collection, member) => {
    const { place, random } = member;
    const { stage } = masking.encode(updateOf(place, config), { committer, random });
    const ciphertexts = filled(random, ciphertextBytes(config));
    const uploaded = stage.sign(ciphertexts);
    collection.accept(uploaded, ciphertexts);
    return uploaded;
  });
  unmasking.closeAsSeeds();
  const sum = filled(seededRandom(`sum ${config.roundId}`), encryptedSumBytes(config));
  return { transcript: unmasking.encryptedTranscript(sum), updatesRoot };
}

/** Whose update is uploaded. */
interface Uploader {
  readonly place: number;
  readonly random: RandomSource;
}

/** `upload`: encodes and delivers one member's update. */
function exchange(
  config: RoundConfig,
  uploading: readonly number[],
  upload: (masking: MaskingStage, collection: Collection, member: Uploader) => ConfirmingStage,
): { unmasking: Unmasking; updatesRoot: Hash } {
  const participants = members.map((member, place) => {
    const random = seededRandom(`round ${config.roundId} of ${place}`);
    const advertising = AdvertisingStage.begin(config, { ...member, random });
    return { place, id: member.identity.participantId, random, advertising };
  });
  const advertising = new KeyAdvertising(config);
  for (const { advertising: stage } of participants) advertising.advertise(stage.advertisement);
  const sharing = advertising.close();
  const sharers = participants.map(({ advertising: own, ...member }) => {
    const stage = own.openKeyBook(sharing.keyBook);
    sharing.share(member.id, stage.sealedShares);
    return { ...member, stage };
  });
  const collection = sharing.close();
  const uploaders = sharers.filter(({ place }) => uploading.includes(place));
  const confirming = uploaders.map(({ place, id, random, stage }) => {
    const masking = stage.openShares(collection.sharers, collection.sealedSharesFor(id));
    return { id, stage: upload(masking, collection, { place, random }) };
  });
  const confirmation = collection.close();
  const revealing = confirming.map(({ id, stage: uploaded }) => {
    const stage = uploaded.confirm(confirmation.survivors);
    confirmation.confirm(stage.ack);
    return { id, stage };
  });
  const { updatesRoot } = confirmation;
  const unmasking = confirmation.close();
  for (const { id, stage } of revealing) unmasking.reveal(id, stage.reveal(unmasking.acksFor(id)));
  return { unmasking, updatesRoot };
}

function filled(random: RandomSource, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

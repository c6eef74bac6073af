import {
  AdvertisingStage,
  bytesToHex,
  createIdentity,
  encodeUpdate,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Hash,
  type Identity,
  KeyAdvertising,
  openCommitmentScheme,
  type RandomSource,
  type RoundConfig,
  type RoundTranscript,
  seededRandom,
} from "@chorus/aggregation";

/** What a round's exchange came to. */
export interface Exchanged {
  readonly transcript: RoundTranscript;
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

/**
 * Leads the members through a round; those at the places `uploading` deliver their updates. The update of the member at a
 * place is a half in the parameter of that place, with counts of its own.
 */
export function maskedRound(config: RoundConfig, uploading: readonly number[]): Exchanged {
  const participants = members.map((member, place) => {
    const random = seededRandom(`round ${config.roundId} of ${place}`);
    return { place, random, advertising: AdvertisingStage.begin(config, { ...member, random }) };
  });
  const advertising = new KeyAdvertising(config);
  for (const { advertising: stage } of participants) advertising.advertise(stage.advertisement);
  const sharing = advertising.close();
  const sharers = participants.map((participant) => {
    const stage = participant.advertising.openKeyBook(sharing.keyBook);
    sharing.share(cohort[participant.place]?.participantId ?? "", stage.sealedShares);
    return { ...participant, stage };
  });
  const collection = sharing.close();
  const uploaders = sharers.filter(({ place }) => uploading.includes(place));
  const confirming = uploaders.map(({ place, random, stage }) => {
    const id = cohort[place]?.participantId ?? "";
    const masking = stage.openShares(collection.sharers, collection.sealedSharesFor(id));
    const vector = encodeUpdate(updateOf(place, config), config, random);
    const uploaded = masking.mask(vector, { committer, random });
    collection.submit(uploaded, vector);
    return { id, uploaded };
  });
  const confirmation = collection.close();
  const revealing = confirming.map(({ id, uploaded }) => {
    const stage = uploaded.confirm(confirmation.survivors);
    confirmation.confirm(stage.ack);
    return { id, stage };
  });
  const { updatesRoot } = confirmation;
  const unmasking = confirmation.close();
  for (const { id, stage } of revealing) unmasking.reveal(id, stage.reveal(unmasking.acksFor(id)));
  return { transcript: unmasking.transcriptOf(unmasking.close()), updatesRoot };
}

function updateOf(place: number, { dimension, round }: RoundConfig) {
  const counts = {
    trainingExamples: 5 + place,
    evaluationExamples: 3,
    evaluationCorrect: place,
    evaluationLossMillis: 100 * round + place,
  };
  return { delta: new Float32Array(dimension).fill(0.5, place, place + 1), counts };
}

function filled(random: RandomSource, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

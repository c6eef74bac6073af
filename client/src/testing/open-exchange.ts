import {
  AdvertisingStage,
  type Identity,
  KeyAdvertising,
  type MaskedRoundConfig,
  type MaskedTranscript,
  openCommitmentScheme,
  seededRandom,
  vectorLength,
} from "@chorus/aggregation";

/** Somebody with a seat in a round, and the nonce that the configuration has a commitment to. */
export interface Member {
  readonly identity: Identity;
  readonly graphNonce: Uint8Array;
}

/**
 * A round among these members of its cohort, without a network, in which each has one training example and an update of
 * zeros. Keys and shares are always the same: nothing in it is secret.
 */
export function exchangeAmong(
  members: readonly Member[],
  config: MaskedRoundConfig,
): MaskedTranscript {
  const tools = { committer: openCommitmentScheme(), random: seededRandom("an open exchange") };
  const advertising = new KeyAdvertising(config);
  const begun = members.map((member) => {
    const stage = AdvertisingStage.begin(config, { ...member, random: tools.random });
    advertising.advertise(stage.advertisement);
    return { id: member.identity.participantId, stage };
  });
  const sharing = advertising.close();
  const shared = begun.map(({ id, stage }) => {
    const next = stage.openKeyBook(sharing.keyBook);
    sharing.share(id, next.sealedShares);
    return { id, stage: next };
  });
  const collection = sharing.close();
  const uploaded = shared.map(({ id, stage }) => {
    const vector = new Uint32Array(vectorLength(config.dimension));
    // A sum of no examples could not be decoded.
    vector[config.dimension] = 1;
    const masking = stage.openShares(collection.sharers, collection.sealedSharesFor(id));
    const next = masking.mask(vector, tools);
    collection.submit(next, vector);
    return { id, stage: next };
  });
  const confirmation = collection.close();
  const confirmed = uploaded.map(({ id, stage }) => {
    const next = stage.confirm(confirmation.survivors);
    confirmation.confirm(next.ack);
    return { id, stage: next };
  });
  const unmasking = confirmation.close();
  for (const { id, stage } of confirmed) unmasking.reveal(id, stage.reveal(unmasking.acksFor(id)));
  return unmasking.transcriptOf(unmasking.close());
}

import {
  type Collection,
  type CommittedUpload,
  hexToBytes,
  KeyAdvertising,
  type RoundConfig,
  serialiseRoundConfig,
  type Unmasking,
} from "@chorus/aggregation";
import { keysMessage, readKeys } from "../wire/messages.ts";
import type { Everybody } from "./everybody.ts";

/**
 * Leads everybody through the exchange of a round, in which everybody survives, until all shares are revealed. `take`: what
 * is done with an upload.
 */
export async function leadExchange(
  everybody: Everybody,
  config: RoundConfig,
  take: (collection: Collection, committed: CommittedUpload, bytes: Uint8Array) => void,
): Promise<Unmasking> {
  const roundId = hexToBytes(config.roundId, 32);
  const roundConfig = serialiseRoundConfig(config);
  const advertising = new KeyAdvertising(config);
  const keys = { $case: "advertiseKeys", value: { roundId, roundConfig } } as const;
  for (const { request } of await everybody.ask("advertiseKeys", () => keys))
    advertising.advertise(readKeys(present(request.advertisement)));

  const sharing = advertising.close();
  const keyBook = sharing.keyBook.map(keysMessage);
  const book = { $case: "shareKeys", value: { roundId, keyBook } } as const;
  for (const { participantId, request } of await everybody.ask("shareKeys", () => book))
    sharing.share(participantId, request.sealedShares);

  const collection = sharing.close();
  const { sharers } = collection;
  const uploads = await everybody.ask("submitUpdate", (id) => {
    const sealedShares = collection.sealedSharesFor(id);
    return { $case: "upload", value: { roundId, sharers, sealedShares } };
  });
  for (const { request } of uploads) {
    const bytes = Buffer.concat(request.chunks.map(({ data }) => data));
    const { commitment, vectorCommitment } = request.header;
    const committed = { upload: present(commitment), commitment: vectorCommitment };
    take(collection, committed, bytes);
  }

  const confirmation = collection.close();
  const { survivors } = confirmation;
  const set = { $case: "confirmSurvivors", value: { roundId, survivors } } as const;
  for (const { request } of await everybody.ask("confirmSurvivors", () => set))
    confirmation.confirm(present(request.ack));

  const unmasking = confirmation.close();
  const shares = await everybody.ask("revealShares", (id) => {
    return { $case: "reveal", value: { roundId, acks: unmasking.acksFor(id) } };
  });
  for (const { participantId, request } of shares) unmasking.reveal(participantId, request);
  return unmasking;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer lacks its message");
  return value;
}

import { hexToBytes, KeyAdvertising, serialiseRoundConfig } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { CipherThread } from "../he/cipher-thread.ts";
import { CipherThreads } from "../he/cipher-threads.ts";
import { EncryptedCohort } from "../testing/encrypted-cohort.ts";
import { EncryptedRound, encryptedConfigFor, encryptedOffer } from "../testing/encrypted-round.ts";
import { factsOf } from "../testing/masked-round.ts";
import { ended, offer } from "../testing/tiny-round.ts";
import { keysMessage, readKeys } from "../wire/messages.ts";

/** Threads that somebody watches. */
class WatchedThreads extends CipherThreads {
  readonly started: CipherThread[] = [];

  override start(): CipherThread {
    const thread = super.start();
    this.started.push(thread);
    return thread;
  }
}

test.each(["advertised keys", "shared keys"])(
  "a participant that has %s has one thread that loads, which ends with the round",
  async (sentence) => {
    const ciphers = new WatchedThreads();
    await using cohort = await EncryptedCohort.start({ ciphers });
    const { everybody, ...round } = leading(cohort);
    const trained = await round.train();
    expect(ciphers.started).toEqual([]);
    const config = encryptedConfigFor(trained, factsOf(offer(encryptedOffer())));
    const roundId = hexToBytes(config.roundId, 32);
    const advertising = new KeyAdvertising(config);
    const keys = { roundId, roundConfig: serialiseRoundConfig(config) };
    const asked = { $case: "advertiseKeys", value: keys } as const;
    for (const { request } of await everybody.ask("advertiseKeys", () => asked))
      if (request.advertisement !== undefined)
        advertising.advertise(readKeys(request.advertisement));
    const keyBook = advertising.close().keyBook.map(keysMessage);
    if (sentence === "shared keys")
      await everybody.ask("shareKeys", () => ({ $case: "shareKeys", value: { roundId, keyBook } }));
    await cohort.allSay(sentence);
    expect(ciphers.started).toHaveLength(1);
    cohort.tell(ended("too few"), 0);
    await Promise.all(ciphers.started.map(({ exited }) => exited));
  },
);

/** Has everybody train, and says who they are. */
function leading({ coordinator }: EncryptedCohort) {
  const round = new EncryptedRound(coordinator);
  const { everybody } = round;
  const train = async () => {
    const reports = await round.train(encryptedOffer());
    return reports.map(({ participantId, request: { graphNonceCommitment } }) => ({
      identityKey: everybody.identityKeyOf(participantId),
      graphNonceCommitment,
    }));
  };
  return { everybody, train };
}

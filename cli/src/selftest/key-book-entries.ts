import type { KeyAdvertisement, MaskingErrorCode } from "@chorus/aggregation";
import { type Attack, checked, type ExchangeSetting, type Outcome } from "./attack.ts";
import { advertisementOf, signedAgain } from "./forgery.ts";
import { toVictim } from "./key-book.ts";
import { type Lie, LyingRound } from "./lying-round.ts";
import { Recovery } from "./recovery.ts";

type Book = readonly KeyAdvertisement[];

/** u = 0 and u = 1, points of small order: an agreement with either is all zero, whatever the other key is. RFC 7748, section 6.1. */
const lowOrderKeys = [
  ["an X25519 key of zeros", new Uint8Array(32)],
  ["an X25519 key of small order", Uint8Array.of(1, ...new Uint8Array(31))],
] as const;

/** A coordinator whose key book is not what a key book must be; a colluder signs what it needs. */
export const keyBookEntryAttacks: readonly Attack[] = [
  ...lowOrderKeys.map(([name, encryptionKey]) =>
    soundControlled(name, "a share that anybody can open", "bad-key", (round) =>
      changeColluder(round, { encryptionKey }),
    ),
  ),
  sharing("a key that is there twice", "duplicate-key", (round) => {
    const copied = round.advertisements.get(round.others[0]?.id ?? "");
    return changeColluder(
      round,
      copied === undefined ? {} : { encryptionKey: copied.encryptionKey },
    );
  }),
  sharing("a graph whose seed it chose: another nonce", "wrong-opening", (round) =>
    changeColluder(round, { graphNonce: new Uint8Array(32).fill(7) }),
  ),
  sharing("a key book of two", "too-few", () => (book) => book.slice(0, 2)),
  sharing("the victim's keys of an earlier attempt", "own-message-altered", (round) => {
    const old = advertisementOf(round.victim, round.config, 2);
    return toVictim(round, (book) =>
      book.map((it) => (it.participantId === round.victim.id ? old : it)),
    );
  }),
  soundControlled(
    "a key book without the victim",
    "shares for strangers",
    "own-message-missing",
    (round) => toVictim(round, (book) => book.slice(1)),
  ),
  soundControlled(
    "a key book with a member twice",
    "to count one as two",
    "duplicate-id",
    (round) => toVictim(round, (book) => [...book.slice(0, -1), ...book.slice(-2, -1)]),
  ),
];

/** The attack whose goal is that the victim seals shares in a key book that was changed. */
function sharing(
  name: string,
  expected: MaskingErrorCode,
  lieOf: (round: LyingRound) => Lie<Book>,
): Attack {
  return checked({
    name,
    wants: "shares sealed in it",
    expected,
    run(setting) {
      const round = new LyingRound(setting, { colluders: 1 });
      round.advertise();
      round.shareKeys(lieOf(round));
      return sealedByVictim(round);
    },
  });
}

/**
 * The same attack where no check can be switched off, because the mathematics behind it fail as well: the control is the
 * same key book without the change.
 */
function soundControlled(
  name: string,
  wants: string,
  expected: MaskingErrorCode,
  lieOf: (round: LyingRound) => Lie<Book>,
): Attack {
  const run = async (setting: ExchangeSetting, lie: typeof lieOf) => {
    const round = new LyingRound(setting, { colluders: 1 });
    round.advertise();
    round.shareKeys(lie(round));
    return sealedByVictim(round);
  };
  return {
    name,
    by: "coordinator",
    wants,
    expected,
    control: { kind: "sound message", run: (setting) => run(setting, () => (book) => book) },
    run: (setting) => run(setting, lieOf),
  };
}

function sealedByVictim(round: LyingRound): Outcome {
  const isSealed = round.sealed.some(({ from }) => from === round.victim.id);
  return round.outcome(new Recovery(round).releasedBytes(), isSealed);
}

/** Shows the victim another advertisement of the colluder, which has signed it. */
export function changeColluder(
  round: LyingRound,
  change: Parameters<typeof signedAgain>[3],
): Lie<Book> {
  const [colluder] = round.colluders;
  if (colluder === undefined) throw new Error("the attack needs a colluder");
  return toVictim(round, (book) =>
    book.map((it) =>
      it.participantId === colluder.id ? signedAgain(colluder, round.config, it, change) : it,
    ),
  );
}

import type { MaskingErrorCode, SealedShare } from "@chorus/aggregation";
import { type Attack, checked, type Outcome } from "./attack.ts";
import { released } from "./configuration.ts";
import { forgedKeys } from "./forgery.ts";
import { toVictim } from "./key-book.ts";
import { changeColluder } from "./key-book-entries.ts";
import { type Delivery, LyingRound } from "./lying-round.ts";
import { Recovery } from "./recovery.ts";

/** A coordinator that lies about who shared, or about what was sealed. */
export const shareAttacks: readonly Attack[] = [
  checked({
    name: "too few sharers: the victim and two colluders",
    wants: "masks that colluders know",
    expected: "too-few",
    run(setting) {
      const round = new LyingRound(setting, { colluders: 2, minSurvivors: 4 });
      round.advertise();
      round.shareKeys();
      round.upload(toVictim(round, (delivery) => amongColluders(round, delivery)));
      round.confirm();
      round.reveal();
      return released(round);
    },
  }),
  checked({
    name: "a second upload, with other sharers",
    wants: "the vector again, under known masks",
    expected: "stage-used",
    run(setting) {
      const round = new LyingRound(setting, { colluders: 2 });
      round.advertise();
      round.shareKeys();
      round.upload();
      const { id } = round.victim;
      round.upload((delivery, to) => (to === id ? amongColluders(round, delivery) : undefined));
      round.confirm();
      round.reveal();
      return released(round);
    },
  }),
  uploading("sharers without the victim", "own-message-missing", (_, { sharers, sealed }) => ({
    sharers: sharers.slice(1),
    sealed,
  })),
  uploading("a sharer twice", "duplicate-id", (_, delivery) => ({
    ...delivery,
    sharers: [...delivery.sharers, ...delivery.sharers.slice(-1)],
  })),
  uploading("a sealed share that is missing", "wrong-shares", (_, { sharers, sealed }) => ({
    sharers,
    sealed: sealed.slice(1),
  })),
  uploading(
    "a sealed share of another addressee",
    "wrong-shares",
    (round, { sharers, sealed }) => ({
      sharers,
      sealed: sealed.map((it) => forAnother(round, it)),
    }),
    "unopenable-share",
  ),
  uploading("a sealed share that was changed", "unopenable-share", (_, { sharers, sealed }) => ({
    sharers,
    sealed: sealed.map((it, i) => (i === 0 ? { ...it, ciphertext: flipped(it.ciphertext) } : it)),
  })),
  uploading(
    "a sealed share that was cut",
    "wrong-length",
    (_, { sharers, sealed }) => ({
      sharers,
      sealed: sealed.map((it, i) =>
        i === 0 ? { ...it, ciphertext: it.ciphertext.subarray(16) } : it,
      ),
    }),
    "unopenable-share",
  ),
  checked({
    name: "reuse of shares of an earlier round",
    wants: "shares that count for two rounds",
    expected: "unopenable-share",
    run(setting) {
      const earlier = new LyingRound(setting, { exchange: 1 });
      earlier.advertise();
      earlier.shareKeys();
      const round = new LyingRound(setting, { exchange: 2 });
      round.advertise();
      round.shareKeys();
      const { id } = round.victim;
      const sealed = earlier.sealed.filter(({ to }) => to === id);
      round.upload(toVictim(round, ({ sharers }) => ({ sharers, sealed })));
      return uploadedByVictim(round);
    },
  }),
  checked({
    name: "different key books to different participants",
    wants: "a victim that goes on in an exchange of its own",
    expected: "unopenable-share",
    run(setting) {
      const round = new LyingRound(setting, { colluders: 1 });
      round.advertise();
      const encryptionKey = forgedKeys("fork").encryption.publicKey;
      round.shareKeys(changeColluder(round, { encryptionKey }));
      round.upload();
      return uploadedByVictim(round);
    },
  }),
];

/** The attack whose goal is that the victim uploads although what it was told before was changed. */
function uploading(
  name: string,
  expected: MaskingErrorCode,
  lie: (round: LyingRound, delivery: Delivery) => Delivery,
  ...alsoOff: readonly MaskingErrorCode[]
): Attack {
  return checked({
    name,
    wants: "an upload all the same",
    expected,
    alsoOff,
    run(setting) {
      const round = new LyingRound(setting);
      round.advertise();
      round.shareKeys();
      round.upload(toVictim(round, (delivery) => lie(round, delivery)));
      return uploadedByVictim(round);
    },
  });
}

function uploadedByVictim(round: LyingRound): Outcome {
  const isUploaded = round.uploads.has(round.victim.id);
  return round.outcome(new Recovery(round).releasedBytes(), isUploaded);
}

/** What the victim would be told if nobody but the colluders had shared. */
function amongColluders(
  { victim, colluders }: LyingRound,
  { sharers, sealed }: Delivery,
): Delivery {
  const ids = [victim, ...colluders].map(({ id }) => id);
  return {
    sharers: sharers.filter((id) => ids.includes(id)),
    sealed: sealed.filter(({ from }) => ids.includes(from)),
  };
}

/** What the same sender sealed for somebody else. */
function forAnother({ sealed }: LyingRound, share: SealedShare): SealedShare {
  return sealed.find(({ from, to }) => from === share.from && to !== share.to) ?? share;
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
}

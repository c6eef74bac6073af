import type { MaskingErrorCode, VectorCommitter } from "@chorus/aggregation";
import { type Attack, checked, type ExchangeSetting } from "./attack.ts";
import { signedAgain } from "./forgery.ts";
import { roundOf } from "./round-plan.ts";
import { type Misdeeds, ServedRound } from "./served-round.ts";

/** A participant that lies to the coordinator's own code, in a round of honest others. */
export const participantAttacks: readonly Attack[] = [
  attack("keys under a bad signature", "bad-signature", taken("keys"), {
    keys: (own) => [{ ...own, signature: new Uint8Array(64) }],
  }),
  attack(
    "keys in another's name",
    "bad-signature",
    {
      wants: "to lock the other out",
      isReached: ({ refusals, victim }) => refusals.has(victim.id),
    },
    {
      keys: (own, { victim }) => [{ ...own, participantId: victim.id }],
      isFirst: true,
    },
    "wrong-opening",
  ),
  attack("another nonce than it committed to", "wrong-opening", taken("keys"), {
    keys: (own, { liar }) => [
      signedAgain(liar, roundOf({}).config, own, { graphNonce: new Uint8Array(32) }),
    ],
  }),
  attack("a sealed share twice", "wrong-shares", taken("shares"), {
    shares: (own) => [[...own, ...own.slice(0, 1)]],
  }),
  attack(
    "a sealed share that does not open",
    "unopenable-share",
    {
      wants: "a neighbour with a wrong share",
      isReached: ({ bare, victim }) => bare.has(victim.id),
    },
    {
      shares: (own, { victim }) => [
        own.map((it) =>
          it.to === victim.id ? { ...it, ciphertext: new Uint8Array(it.ciphertext.length) } : it,
        ),
      ],
    },
  ),
  attack(
    "an upload that is not the committed root",
    "wrong-upload-root",
    wrongSum(),
    {
      upload: ({ committed, masked }) => [{ committed, masked: masked.map((word) => word + 1) }],
    },
    "unopened-sum",
  ),
  attack("a commitment that it did not sign", "wrong-commitment", taken("upload"), {
    upload: ({ committed, masked }) => [
      { committed: { ...committed, commitment: new Uint8Array(16_384) }, masked },
    ],
  }),
  attack(
    "contradictory uploads",
    "already-delivered",
    wrongSum(),
    {
      upload: (own) => [own, own],
    },
    "unopened-sum",
  ),
  attack("a late upload", "stage-used", wrongSum(), { isLate: true }, "unopened-sum"),
  attack("another's upload in its own name", "bad-signature", taken("upload"), {
    upload: ({ committed, masked }, { victim }) => [
      {
        committed: { ...committed, upload: { ...committed.upload, participantId: victim.id } },
        masked,
      },
    ],
    isFirst: true,
  }),
  attack("an acknowledgement under a bad signature", "bad-signature", taken("ack"), {
    ack: (own) => [{ ...own, signature: new Uint8Array(64) }],
  }),
  attack("an acknowledgement twice", "already-delivered", taken("ack"), {
    ack: (own) => [own, own],
  }),
  attack("a share for both halves", "wrong-shares", taken("reveal"), {
    reveal: ({ selfMaskShares }) => [{ selfMaskShares, maskKeyShares: selfMaskShares }],
  }),
  attack(
    "wrong shares: they do not rebuild the committed seed",
    "bad-share",
    wrongSum(),
    {
      reveal: ({ selfMaskShares, maskKeyShares }) => [
        {
          selfMaskShares: selfMaskShares.map((it) => ({
            ...it,
            share: new Uint8Array(32).fill(5),
          })),
          maskKeyShares,
        },
      ],
    },
    "unopened-sum",
  ),
  attack(
    "a commitment to another vector than it masks",
    "unopened-sum",
    {
      wants: "a sum that its commitment does not cover",
      isReached: ({ published }) => published !== undefined,
    },
    ({ scheme }) => ({ committer: committerToAnother(scheme) }),
  ),
];

/** What a misbehaving participant is after, and whether it got it. */
interface Goal {
  readonly wants: string;
  isReached(round: ServedRound): boolean;
}

function attack(
  name: string,
  expected: MaskingErrorCode,
  { wants, isReached }: Goal,
  misdeeds: Misdeeds | ((setting: ExchangeSetting) => Misdeeds),
  ...alsoOff: readonly MaskingErrorCode[]
): Attack {
  const of = typeof misdeeds === "function" ? misdeeds : () => misdeeds;
  const run = (setting: ExchangeSetting) => {
    const round = new ServedRound(setting, of(setting)).play();
    return round.outcome(isReached(round));
  };
  return checked({ name, wants, expected, alsoOff, run }, "participant");
}

/** Commits to a vector whose first word is one more. */
function committerToAnother(scheme: VectorCommitter): VectorCommitter {
  return {
    commit: (words, randomness) => {
      const other = words.slice();
      other.set([(words[0] ?? 0) + 1]);
      return scheme.commit(other, randomness);
    },
  };
}

function taken(step: keyof Misdeeds): Goal {
  return {
    wants: "the coordinator to take it",
    isReached: ({ taken: steps, liar }) => steps.get(step)?.has(liar.id) ?? false,
  };
}

function wrongSum(): Goal {
  return { wants: "a wrong sum", isReached: ({ isSumWrong }) => isSumWrong };
}

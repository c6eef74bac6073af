import {
  COMMITMENT_BYTES,
  type MaskingErrorCode,
  type UploadCommitment,
} from "@chorus/aggregation";
import { signUpload } from "@chorus/aggregation/primitives";
import { type Attack, checked } from "./attack.ts";
import { released } from "./configuration.ts";
import { toVictim } from "./key-book.ts";
import { type Lie, LyingRound } from "./lying-round.ts";
import { Recovery } from "./recovery.ts";

type Survivors = readonly UploadCommitment[];

/** A coordinator that lies about who survived: about one set to everybody, or about different ones. */
export const survivorAttacks: readonly Attack[] = [
  checked({
    name: "ask for both halves: two survivor sets",
    wants: "the victim as a survivor and as a dropout",
    expected: "stage-used",
    run(setting) {
      const round = uploaded(new LyingRound(setting));
      round.confirm();
      round.confirm(othersAlone(round));
      round.reveal(undefined, 0);
      round.reveal(undefined, 1);
      return released(round);
    },
  }),
  checked({
    name: "ask for both halves: a dropout after the first answer",
    wants: "the other half of its secrets",
    expected: "stage-used",
    run(setting) {
      const round = uploaded(new LyingRound(setting));
      round.confirm();
      round.reveal();
      round.confirm(othersAlone(round));
      round.reveal(undefined, 1);
      return released(round);
    },
  }),
  checked({
    name: "too few survivors: the victim and two colluders",
    wants: "their sum",
    expected: "too-few",
    run(setting) {
      const round = uploaded(new LyingRound(setting, { colluders: 2, minSurvivors: 4 }));
      const kept = [round.victim, ...round.colluders].map(({ id }) => id);
      round.confirm((survivors) => survivors.filter((it) => kept.includes(it.participantId)));
      round.reveal();
      return released(round);
    },
  }),
  checked({
    name: "a colluder twice among the survivors",
    wants: "to pass for more survivors",
    expected: "duplicate-id",
    run(setting) {
      const round = uploaded(new LyingRound(setting, { colluders: 2, minSurvivors: 4 }));
      const kept = [round.victim, ...round.colluders].map(({ id }) => id);
      round.confirm((survivors) => {
        const few = survivors.filter((it) => kept.includes(it.participantId));
        return [...few, ...few.slice(-1)];
      });
      round.reveal();
      return released(round);
    },
  }),
  checked({
    name: "leave out the victim's own upload",
    wants: "the victim's share of its own mask key",
    expected: "own-message-missing",
    run(setting) {
      const round = uploaded(new LyingRound(setting));
      const { id } = round.victim;
      const isAnother = ({ participantId }: { readonly participantId: string }) =>
        participantId !== id;
      round.confirm((survivors) => survivors.filter(isAnother));
      round.reveal((acks) => acks.filter(isAnother));
      const isGiven = round.revealed.some(
        ({ from, maskKeyShares }) => from === id && maskKeyShares.some(({ owner }) => owner === id),
      );
      return round.outcome(new Recovery(round).releasedBytes(), isGiven);
    },
  }),
  signing(
    "alter the victim's own upload",
    "bad-signature",
    ({ victim }) => changed(victim.id, { uploadRoot: new Uint8Array(32) }),
    "own-message-altered",
  ),
  signing("alter another's upload", "bad-signature", ({ others }) =>
    changed(others[0]?.id, { uploadRoot: new Uint8Array(32) }),
  ),
  signing("a stale signature: an upload of an earlier round", "bad-signature", (round) => {
    const earlier = uploaded(new LyingRound(round.setting, { exchange: 2 }));
    const [other] = round.others;
    return changed(other?.id, earlier.uploads.get(other?.id ?? "")?.upload ?? {});
  }),
  signing("a survivor that never shared", "unknown-participant", (round) => {
    const ghost = round.colluders[0];
    const context = round.views.get(round.victim.id);
    if (ghost === undefined || context === undefined) return (survivors) => survivors;
    const vector = { uploadRoot: new Uint8Array(32), commitment: new Uint8Array(COMMITMENT_BYTES) };
    const { upload } = signUpload(ghost.identity, context, vector);
    return (survivors) => [...survivors, upload];
  }),
];

/** The attack whose goal is the victim's signature under a survivor set that was changed. */
function signing(
  name: string,
  expected: MaskingErrorCode,
  lieOf: (round: LyingRound) => (survivors: Survivors) => Survivors,
  ...alsoOff: readonly MaskingErrorCode[]
): Attack {
  return checked({
    name,
    wants: "a signature under this set",
    expected,
    alsoOff,
    run(setting) {
      const round = new LyingRound(setting, { colluders: 1 });
      round.advertise();
      const ghosts = round.colluders.map(({ id }) => id);
      round.shareKeys((book, to) => (ghosts.includes(to) ? undefined : book));
      round.upload();
      round.confirm(toVictim(round, lieOf(round)));
      const isSigned = round.acks.has(round.victim.id);
      return round.outcome(new Recovery(round).releasedBytes(), isSigned);
    },
  });
}

/** The round after everybody has uploaded. */
export function uploaded(round: LyingRound): LyingRound {
  round.advertise();
  round.shareKeys();
  round.upload();
  return round;
}

/** A set without the victim, for all others: the victim is told nothing. */
function othersAlone({ victim }: LyingRound): Lie<Survivors> {
  return (survivors, to) =>
    to === victim.id
      ? undefined
      : survivors.filter(({ participantId }) => participantId !== victim.id);
}

function changed(
  id: string | undefined,
  change: Partial<UploadCommitment>,
): (survivors: Survivors) => Survivors {
  return (survivors) =>
    survivors.map((it) => (it.participantId === id ? { ...it, ...change } : it));
}

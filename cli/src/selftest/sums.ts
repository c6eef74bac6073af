import {
  COMMITMENT_BYTES,
  type MaskedTranscript,
  type MaskingErrorCode,
  verifyTranscript,
} from "@chorus/aggregation";
import {
  ExchangeContext,
  RoundContext,
  signAck,
  survivorDigest,
} from "@chorus/aggregation/primitives";
import { ACCEPTED, type Attack, checked } from "./attack.ts";
import { codeOf } from "./configuration.ts";
import { forgedKeys, signedAgain, withKeys } from "./forgery.ts";
import { Recovery } from "./recovery.ts";
import { ServedRound } from "./served-round.ts";

/** A coordinator that publishes something else than what happened, to who took part in it. */
export const sumAttacks: readonly Attack[] = [
  publishing("a wrong sum", "unopened-sum", ({ sum, ...rest }) => ({
    ...rest,
    sum: sum.map((word, i) => (i === 0 ? word + 1 : word)),
  })),
  publishing("a wrong opening of the right sum", "unopened-sum", ({ randomness, ...rest }) => ({
    ...rest,
    randomness: randomness.map((word, i) => (i === 0 ? word + 1 : word)),
  })),
  publishing(
    "a round in which the victim's update is left out",
    "bad-signature",
    withoutVictim,
    "own-message-altered",
    "unopened-sum",
  ),
  publishing(
    "the same, under new signatures of all others",
    "own-message-altered",
    (transcript, round) => resigned(withoutVictim(transcript, round), round),
    "unopened-sum",
  ),
  publishing(
    "another key book than the victim shared in",
    "bad-signature",
    (transcript, round) => ({
      ...transcript,
      keyBook: transcript.keyBook.map((entry) =>
        entry.participantId === round.liar.id
          ? signedAgain(round.liar, transcript.config, entry, withKeys(entry, forgedKeys("book")))
          : entry,
      ),
    }),
  ),
  publishing(
    "another commitment than a survivor signed",
    "wrong-commitment",
    ({ survivors, ...rest }) => ({
      ...rest,
      survivors: survivors.map((it, i) =>
        i === 1 ? { ...it, commitment: new Uint8Array(COMMITMENT_BYTES) } : it,
      ),
    }),
    "unopened-sum",
  ),
  publishing("a sum that two of five acknowledged", "too-few", ({ acks, ...rest }) => ({
    ...rest,
    acks: acks.slice(0, 2),
  })),
];

/** The attack whose goal is that the victim takes a transcript for the round's. */
function publishing(
  name: string,
  expected: MaskingErrorCode,
  lie: (transcript: MaskedTranscript, round: ServedRound) => MaskedTranscript,
  ...alsoOff: readonly MaskingErrorCode[]
): Attack {
  return checked({
    name: `publish ${name}`,
    wants: "the victim to go on from it",
    expected,
    alsoOff,
    run({ guard, scheme }) {
      const round = new ServedRound({ guard, scheme }).play();
      const [honest] = round.transcripts;
      if (honest === undefined) throw new Error("an honest round is published");
      const ownAck = honest.acks.find(({ participantId }) => participantId === round.victim.id);
      const reader = { verifier: scheme, ...(ownAck === undefined ? {} : { ownAck }) };
      const got = codeOf(() => verifyTranscript(lie(honest, round), reader, guard));
      const releasedBytes = new Recovery(round).releasedBytes();
      return { got, releasedBytes, isGoalReached: got === ACCEPTED };
    },
  });
}

function withoutVictim(
  { survivors, acks, sum, ...rest }: MaskedTranscript,
  { victim, bare }: ServedRound,
): MaskedTranscript {
  const own = bare.get(victim.id);
  return {
    ...rest,
    survivors: survivors.filter(({ upload }) => upload.participantId !== victim.id),
    acks: acks.filter(({ participantId }) => participantId !== victim.id),
    sum: sum.map((word, i) => word - (own?.[i] ?? 0)),
  };
}

/** With acknowledgements of these survivors by all members but the victim. */
function resigned(
  transcript: MaskedTranscript,
  { members, victim }: ServedRound,
): MaskedTranscript {
  const context = new ExchangeContext(new RoundContext(transcript.config), transcript.keyBook);
  const digest = survivorDigest(
    context,
    transcript.survivors.map(({ upload }) => upload),
  );
  const signers = members.filter((it) => it !== victim);
  return { ...transcript, acks: signers.map(({ identity }) => signAck(identity, context, digest)) };
}

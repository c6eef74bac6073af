import { checkAdvertisement, requireDistinctKeys } from "../masking/advertisement.ts";
import { refuseShortage, requireAmong, requireDistinct, requireEnough } from "../masking/checks.ts";
import { fewestAdvertised } from "../masking/config.ts";
import { MaskingError } from "../masking/error.ts";
import { ExchangeContext } from "../masking/exchange-context.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import { Holders, shortageOfSurvivors } from "../masking/holders.ts";
import type { ParticipantId, SurvivorAck } from "../masking/messages.ts";
import { RoundContext } from "../masking/round-context.ts";
import { checkAck, checkUpload, survivorDigest } from "../masking/survivors.ts";
import type { SignedRound } from "./transcript.ts";

/**
 * Verifies who took part in a round and what they signed: every signature, every opened nonce of the graph, that the
 * survivors were enough and that enough of them signed this set. `ownAck`: what the reader signed, where it survived. Throws
 * {@link MaskingError}: what the participants' own checks throw; `own-message-altered` when the reader signed another
 * survivor set, or another key book.
 */
export function verifiedExchange(
  round: SignedRound,
  ownAck: SurvivorAck | undefined,
  guard: Guard = strictGuard,
): ExchangeContext {
  const context = exchangeOf(round, guard);
  checkSurvivors(context, round);
  checkAcks(context, round, ownAck);
  return context;
}

function exchangeOf({ config, keyBook }: SignedRound, guard: Guard): ExchangeContext {
  const context = new RoundContext(config, guard);
  const ids = keyBook.map(({ participantId }) => participantId);
  requireDistinct(ids, guard);
  requireEnough(ids.length, fewestAdvertised(config), "participants in the key book", guard);
  for (const advertisement of keyBook) checkAdvertisement(context, advertisement);
  requireDistinctKeys(keyBook, guard);
  return new ExchangeContext(context, keyBook);
}

function checkSurvivors(context: ExchangeContext, { survivors }: SignedRound): void {
  const { guard } = context;
  const listed = survivors.map(({ upload }) => upload.participantId);
  const ids = requireDistinct(listed, guard);
  requireAmong(ids, new Set(context.participants), "key book", guard);
  refuseShortage(shortageOfSurvivors(context, ids, ids, "survivors"), guard);
  for (const { upload } of survivors) checkUpload(context, upload);
}

function checkAcks(
  context: ExchangeContext,
  { survivors, acks }: SignedRound,
  ownAck: SurvivorAck | undefined,
): void {
  const uploads = survivors.map(({ upload }) => upload);
  const ids: ReadonlySet<ParticipantId> = new Set(uploads.map((upload) => upload.participantId));
  const { guard } = context;
  const listed = acks.map(({ participantId }) => participantId);
  const signers = requireDistinct(listed, guard);
  requireAmong(signers, ids, "survivors", guard);
  const digest = survivorDigest(context, uploads);
  for (const ack of acks) checkAck(context, ack, digest);
  const shortage = new Holders(context, ids, ids).shortage(signers, "acknowledgements");
  refuseShortage(shortage, guard);
  if (ownAck !== undefined) checkOwnAck(context, ownAck, digest);
}

/** A signature that holds for no other exchange and no other set shows that this is the one that the reader signed. */
function checkOwnAck(context: ExchangeContext, ownAck: SurvivorAck, digest: Uint8Array): void {
  try {
    checkAck(context, ownAck, digest);
  } catch (cause) {
    if (!(cause instanceof MaskingError)) throw cause;
    const message = "the transcript has another survivor set than this participant signed";
    context.guard.refuse(new MaskingError("own-message-altered", message, { cause }));
  }
}

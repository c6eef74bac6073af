import { RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import { checkAdvertisement, requireDistinctKeys } from "../masking/advertisement.ts";
import { refuseShortage, requireAmong, requireDistinct, requireEnough } from "../masking/checks.ts";
import { fewestAdvertised } from "../masking/config.ts";
import { MaskingError } from "../masking/error.ts";
import { ExchangeContext } from "../masking/exchange-context.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import { Holders, shortageOfSurvivors } from "../masking/holders.ts";
import type { Hash, ParticipantId, SurvivorAck } from "../masking/messages.ts";
import { type DecodedSum, decodeSum } from "../masking/quantiser.ts";
import { RoundContext } from "../masking/round-context.ts";
import { checkAck, checkUpload, survivorDigest, updatesRootOf } from "../masking/survivors.ts";
import { contentLength } from "../masking/update-vector.ts";
import type { RoundTranscript } from "./transcript.ts";
import { requireOpenedSum, type SumVerifier } from "./verify-sum.ts";

/** Who looks at a transcript, and what with. */
export interface TranscriptReader {
  readonly verifier: SumVerifier;
  /** What the reader signed in this round, where it was one of the survivors. */
  readonly ownAck?: SurvivorAck;
}

/** A round's sum that its survivors' signatures and commitments prove. */
export interface VerifiedSum extends DecodedSum {
  /** Merkle root over the survivors' signed uploads, to be compared with the ledger's. */
  readonly updatesRoot: Hash;
}

/**
 * Verifies a round from its configuration to its sum, with nothing but the transcript: every signature, every opened nonce
 * of the graph, that the survivors were enough and that enough of them signed this set, and that their commitments open to
 * the sum. Whether the configuration is the round's that is meant, and the identities are those of real organisations, is
 * for the caller to say.
 *
 * Throws {@link MaskingError}: what the participants' own checks throw; `own-message-altered` when the reader signed
 * another survivor set, or another key book, than the transcript has; `wrong-commitment`, `unopened-sum`; and what
 * `decodeSum` throws.
 */
export function verifyTranscript(
  transcript: RoundTranscript,
  { verifier, ownAck }: TranscriptReader,
  guard: Guard = strictGuard,
): VerifiedSum {
  const { config, sum } = transcript;
  const context = verifiedExchange(transcript, guard);
  checkSurvivors(context, transcript);
  checkAcks(context, transcript, ownAck);
  checkLengths(transcript);
  requireOpenedSum(transcript, verifier, guard);
  const uploads = transcript.survivors.map(({ upload }) => upload);
  const decoded = decodeSum(sum, uploads.length, config);
  return { ...decoded, updatesRoot: updatesRootOf(uploads) };
}

function verifiedExchange({ config, keyBook }: RoundTranscript, guard: Guard): ExchangeContext {
  const context = new RoundContext(config, guard);
  const ids = keyBook.map(({ participantId }) => participantId);
  requireDistinct(ids, guard);
  requireEnough(ids.length, fewestAdvertised(config), "participants in the key book", guard);
  for (const advertisement of keyBook) checkAdvertisement(context, advertisement);
  requireDistinctKeys(keyBook, guard);
  return new ExchangeContext(context, keyBook);
}

function checkSurvivors(context: ExchangeContext, { survivors }: RoundTranscript): void {
  const { guard } = context;
  const listed = survivors.map(({ upload }) => upload.participantId);
  const ids = requireDistinct(listed, guard);
  requireAmong(ids, new Set(context.participants), "key book", guard);
  refuseShortage(shortageOfSurvivors(context, ids, ids, "survivors"), guard);
  for (const { upload } of survivors) checkUpload(context, upload);
}

function checkAcks(
  context: ExchangeContext,
  { survivors, acks }: RoundTranscript,
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

function checkLengths({ config, sum, randomness }: RoundTranscript): void {
  const wanted = contentLength(config.dimension);
  if (sum.length === wanted && randomness.length === RANDOMNESS_WORDS) return;
  const got = `sum and randomness have ${sum.length} and ${randomness.length} words`;
  throw new MaskingError("wrong-dimension", `${got}, wanted ${wanted} and ${RANDOMNESS_WORDS}`);
}

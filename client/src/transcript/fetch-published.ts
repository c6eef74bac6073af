import { ClientError } from "../error.ts";
import { describeFailure, failureOf, isAbandonedRound } from "../rpc/failure.ts";
import { isKnown } from "../session/departure.ts";
import type { Uplink } from "../uplink.ts";
import type { PendingCheck } from "./pending-checks.ts";
import { downloadTranscript } from "./transcript-download.ts";

/**
 * The transcript of a round that is to be verified, as it was published; undefined when the coordinator says that the round was
 * abandoned and never said that it was completed. Rejects with {@link ClientError} `no-transcript`, and with the signal's reason.
 */
export async function fetchPublished(
  { signed, toldModelHash }: PendingCheck,
  uplink: Uplink,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { config } = signed;
  try {
    return await downloadTranscript({ config }, uplink, signal);
  } catch (cause) {
    signal.throwIfAborted();
    // The end of the attempt was missed; another one at the round is made, or went on without this participant.
    if (isAbandonedRound(cause) && toldModelHash === "") return undefined;
    if (failureOf(cause) === undefined && !isKnown(cause)) throw cause;
    const message =
      `got no transcript of round ${config.round}, which this participant signed: ` +
      `${describeFailure(cause)}; wanted it before any other round of this run`;
    throw new ClientError("no-transcript", message, { cause });
  }
}

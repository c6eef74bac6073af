import {
  configHash,
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  type Hash,
  isEncryptedTranscript,
  type MadeModel,
  type VerifiedReports,
  verifyReports,
} from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import type { ModelStore } from "../models/model-store.ts";
import { describeFailure } from "../rpc/failure.ts";
import { isKnown } from "../session/departure.ts";
import { readTranscript } from "./read-transcript.ts";
import type { RoundOpening } from "./round-opening.ts";
import type { CommonSignedRound } from "./signed-round.ts";

/** An encrypted round of which this participant signed the survivor set. */
export interface SignedEncryptedRound extends CommonSignedRound {
  readonly config: EncryptedRoundConfig;
  readonly opening: RoundOpening;
}

/**
 * Reads the transcript of an encrypted round, of the configuration of this hash. Throws {@link ClientError} `protocol`, and as
 * `readTranscript` does; it is not verified.
 */
export function readEncrypted(bytes: Uint8Array, wanted: Hash): EncryptedTranscript {
  const transcript = readTranscript(bytes);
  const hash = configHash(transcript.config);
  if (hash === wanted && isEncryptedTranscript(transcript)) return transcript;
  const got = `got a transcript of the configuration ${hash}`;
  throw new ClientError("protocol", `${got}, wanted ${wanted} as it was signed`);
}

/** Whether a transcript is published so that its sum can be opened, by a round that is not over. Throws as `readTranscript` does. */
export function isBeingOpened(bytes: Uint8Array): boolean {
  const transcript = readTranscript(bytes);
  return isEncryptedTranscript(transcript) && transcript.reports.length === 0;
}

/**
 * Verifies what was published of an encrypted round that this participant signed: that it is this round, and that a quorum of
 * the survivors that were signed reports `toldModelHash` for its sum ("": nobody told). Throws as {@link readEncrypted} and
 * `verifyReports` do, and {@link ClientError} `wrong-model` for another model than was told.
 */
export function verifySignedReports(
  { configHash, ack, facts }: SignedEncryptedRound,
  transcript: Uint8Array,
  toldModelHash: Hash | "",
): { readonly transcript: EncryptedTranscript; readonly agreed: VerifiedReports } {
  const read = readEncrypted(transcript, configHash);
  const agreed = verifyReports(read, { ownAck: ack });
  if (toldModelHash === "" || toldModelHash === agreed.modelHash)
    return { transcript: read, agreed };
  const got = `the model after round ${facts.offer.round} has the hash ${toldModelHash}`;
  throw new ClientError("wrong-model", `${got}, wanted ${agreed.modelHash} as survivors report`);
}

/** What keeps a participant up with the others. */
export interface KeepingUp {
  readonly models: ModelStore;
  readonly log: Logger;
}

/**
 * A round was completed with the model that was agreed: sees to it that this participant has that one and no other. Who has not
 * opened the sum does so now, if it has the key; who does not get the model like this will ask the others for it. Rejects with the
 * signal's reason only.
 */
export async function keepUp(
  signed: SignedEncryptedRound,
  { transcript, agreed }: ReturnType<typeof verifySignedReports>,
  { models, log }: KeepingUp,
  signal: AbortSignal,
): Promise<void> {
  const { runId, round, roundId } = signed.config;
  const { modelHash } = agreed;
  const fields = { runId, round, roundId, modelHash };
  try {
    const made = await madeOf(signed, transcript, signal);
    if (made === undefined) {
      log.warn(fields, "has not opened the sum of the round: its model will be asked for");
    } else if (isSame(made, agreed)) {
      log.info({ ...fields, path: await models.committed(runId, modelHash) }, "kept the model");
    } else {
      log.error({ ...fields, made: made.modelHash }, OTHER_MODEL);
      await models.forget(runId, made.modelHash);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isKnown(error)) throw error;
    log.warn({ ...fields, detail: describeFailure(error) }, "could not keep the round's model");
  }
}

const OTHER_MODEL =
  "the others have made another model of the round than this participant: it forgets its own, and will ask for theirs";

async function madeOf(
  { opening, ack }: SignedEncryptedRound,
  transcript: EncryptedTranscript,
  signal: AbortSignal,
): Promise<MadeModel | undefined> {
  if (!opening.canOpen) return opening.made;
  return await opening.open(transcript, ack, signal);
}

function isSame(a: MadeModel, b: MadeModel): boolean {
  return a.modelHash === b.modelHash && a.stateHash === b.stateHash;
}

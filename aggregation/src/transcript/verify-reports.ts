import { requireAmong, requireDistinct } from "../masking/checks.ts";
import { encryptedSumBytes } from "../masking/encryption.ts";
import { MaskingError } from "../masking/error.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import type { Hash } from "../masking/messages.ts";
import { agreedModel, type MadeModel, ReportBinding } from "../masking/model-report.ts";
import { updatesRootOf } from "../masking/survivors.ts";
import { readCommitment } from "../masking/vector-commitment.ts";
import { verifiedExchange } from "./signed-round.ts";
import type { EncryptedTranscript } from "./transcript.ts";
import type { TranscriptReader } from "./verify-transcript.ts";

/** What an encrypted round's survivors have signed that they made of its sum. */
export interface VerifiedReports extends MadeModel {
  /** Merkle root over the survivors' signed uploads, to be compared with the ledger's. */
  readonly updatesRoot: Hash;
  /** How many are equal: `threshold` or more. */
  readonly reports: number;
}

/**
 * Verifies an encrypted round without its key, as anybody can: who took part, every signature, and that `threshold` or more
 * survivors report the same model for this very sum. More than half of the cohort do then; that the sum is the survivors' is
 * what those who are honest among them have checked. Throws {@link MaskingError} as `verifyTranscript`, `wrong-dimension`,
 * `wrong-commitment`, and as the server does for reports; `no-agreement`.
 */
export function verifyReports(
  transcript: EncryptedTranscript,
  { ownAck }: Pick<TranscriptReader, "ownAck">,
  guard: Guard = strictGuard,
): VerifiedReports {
  const { config, survivors, reports, encryptedSum } = transcript;
  const context = verifiedExchange(transcript, ownAck, guard);
  for (const survivor of survivors) readCommitment(survivor, guard);
  const wanted = encryptedSumBytes(config);
  if (encryptedSum.length !== wanted) {
    const message = `sum has ${encryptedSum.length} bytes, wanted ${wanted}`;
    throw new MaskingError("wrong-dimension", message);
  }
  const uploads = survivors.map(({ upload }) => upload);
  const ids = new Set(uploads.map(({ participantId }) => participantId));
  const reporters = reports.map(({ participantId }) => participantId);
  requireAmong(requireDistinct(reporters, guard), ids, "survivors", guard);
  const binding = new ReportBinding(context, transcript);
  for (const report of reports) binding.check(report);
  const { reports: equal, ...made } = agreedModel(reports, config.threshold);
  return { ...made, updatesRoot: updatesRootOf(uploads), reports: equal.length };
}

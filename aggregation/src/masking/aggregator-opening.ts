import type { EncryptedTranscript } from "../transcript/transcript.ts";
import { requireAmong, requireFirst, shortageOf } from "./checks.ts";
import type { MaskingError } from "./error.ts";
import type { ModelReport, ParticipantId } from "./messages.ts";
import { agreedModel, equalReports, type MadeModel, ReportBinding } from "./model-report.ts";

/** What a quorum of an encrypted round's survivors has made of its sum. */
export interface OpenedRound extends MadeModel {
  /** With the reports that agree. */
  readonly transcript: EncryptedTranscript;
}

/** The server's stage after unmasking, in an encrypted round: survivors report what they make of the sum. */
export class Opening {
  readonly #transcript: EncryptedTranscript;
  readonly #binding: ReportBinding;
  readonly #survivors: ReadonlySet<ParticipantId>;
  readonly #reports = new Map<ParticipantId, ModelReport>();

  /** `transcript`: the round's, from `Unmasking`. */
  constructor(transcript: EncryptedTranscript) {
    this.#transcript = transcript;
    this.#binding = ReportBinding.of(transcript);
    this.#survivors = new Set(transcript.survivors.map(({ upload }) => upload.participantId));
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#reports.keys());
  }

  /**
   * Takes one survivor's report, whatever it says. Throws {@link MaskingError} and changes nothing unless it is its first, and
   * signed for this round's survivors and sum: `unknown-participant`, `already-delivered`, `wrong-length`, `bad-counts`,
   * `bad-signature`.
   */
  report(report: ModelReport): void {
    const { participantId } = report;
    requireAmong([participantId], this.#survivors, "survivors");
    requireFirst(this.#reports, participantId, "report");
    this.#binding.check(report);
    this.#reports.set(participantId, report);
  }

  /** Reports in the largest group of equal ones so far. */
  get agreed(): number {
    const [largest = []] = equalReports(this.#reports.values());
    return largest.length;
  }

  /** Why the round could not be committed if exactly these had delivered, whatever they said. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return shortageOf(delivered.size, this.#transcript.config.threshold, "reports");
  }

  /** Ends opening. Throws {@link MaskingError} `no-agreement`, with numbers, unless `threshold` reports are equal. */
  close(): OpenedRound {
    const { threshold } = this.#transcript.config;
    const { reports, ...made } = agreedModel(this.#reports.values(), threshold);
    return { ...made, transcript: { ...this.#transcript, reports } };
  }
}

import {
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  type Hash,
  MaskingError,
  type ModelReport,
  Opening as OpeningStage,
} from "@chorus/aggregation";
import { Abandoned, CommittingReported } from "./ended.ts";
import { Exchange } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { transcriptToBytes } from "./transcript-bytes.ts";

/** Waiting for the participants of an encrypted round to open its sum and to report the model that they make of it. */
export class Opening extends Exchange<OpeningStage> {
  readonly phase = "opening";
  /** The round so far, as it is published, without reports. */
  readonly transcriptBytes: Uint8Array;
  readonly #updatesRoot: Hash;

  constructor(
    facts: RoundFacts,
    config: EncryptedRoundConfig,
    transcript: EncryptedTranscript,
    updatesRoot: Hash,
    left: Departures,
  ) {
    const asked = transcript.acks.map(({ participantId }) => participantId);
    super(facts, config, new OpeningStage(transcript), asked, config.threshold, left);
    this.transcriptBytes = transcriptToBytes(transcript);
    this.#updatesRoot = updatesRoot;
  }

  instructionFor(): Instruction {
    return { kind: "open-sum", roundId: this.facts.roundId };
  }

  report(report: ModelReport): void {
    this.stage.report(report);
  }

  /** Reports count together that are equal: as long as too few are, those who are awaited are waited for. */
  override get hasQuorum(): boolean {
    return this.stage.agreed >= this.quorum;
  }

  protected override get canReachQuorum(): boolean {
    return this.stage.agreed + this.awaited.length >= this.quorum;
  }

  /** Ends opening: opening -> committing | abandoned (too few reports, or too few that are equal). */
  close(): CommittingReported | Abandoned {
    const { agreed, delivered } = this.stage;
    if (agreed === delivered.size && agreed < this.quorum)
      return this.#withCodes(this.tooFew("reported a model"));
    try {
      const { transcript, ...reported } = this.stage.close();
      const { config, survivors } = transcript;
      return new CommittingReported({
        facts: this.facts,
        ...reported,
        updatesRoot: this.#updatesRoot,
        cohort: config.cohort.length,
        survivors: new Set(survivors.map(({ upload }) => upload.participantId)),
        transcript,
      });
    } catch (error) {
      if (error instanceof MaskingError)
        return this.#withCodes(new Abandoned(this.facts, `${error.code}: ${error.message}`));
      throw error;
    }
  }

  /** Adds why those who were asked left: codes, each with how often. */
  #withCodes({ facts, reason }: Abandoned): Abandoned {
    const codes = [...this.asked].flatMap((id) => this.left.get(id) ?? []);
    const counted = [...Map.groupBy(codes, (code) => code)];
    const told = counted.map(([code, all]) => `${code} (${all.length})`).join(", ");
    return told === ""
      ? new Abandoned(facts, reason)
      : new Abandoned(facts, `${reason}; left with ${told}`);
  }
}

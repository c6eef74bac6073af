import { signModelReport } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { readEncrypted, type SignedEncryptedRound } from "../transcript/encrypted-round.ts";
import { downloadTranscript } from "../transcript/transcript-download.ts";
import type { StepInstruction } from "./instruction.ts";
import type { Site } from "./site.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** Shares are revealed; the sum is opened by its participants. */
export class SumAwaited implements Stage {
  readonly #signed: SignedEncryptedRound;
  readonly #site: Site;

  constructor(signed: SignedEncryptedRound, site: Site) {
    this.#signed = signed;
    this.#site = site;
  }

  /**
   * Fetches the round's transcript, verifies all of it, opens the sum, takes the outer step and keeps the model; then says, signed,
   * which one it is.
   */
  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const { roundId } = wanted(instruction, "open-sum");
    const { config, configHash, ack, opening } = this.#signed;
    const { identity, uplink } = this.#site;
    const bytes = await downloadTranscript({ config }, uplink, signal);
    const transcript = readEncrypted(bytes, configHash);
    const made = await opening.open(transcript, ack, signal);
    this.#site.auditor.opened(roundId, bytes);
    const report = signModelReport(identity, transcript, made);
    const { trainingExamples } = made.counts;
    return {
      stage: new Finished(),
      answer: { kind: "report-model", roundId, configHash, report },
      log: {
        survivors: transcript.survivors.length,
        modelHash: made.modelHash,
        trainingExamples,
      },
    };
  }

  /** The auditor wipes the round's key, unless it has to open the sum itself. */
  [Symbol.dispose](): void {
    this.#site.auditor.left(this.#signed.config.roundId);
  }
}

/** The participant's part is done; the round's end is awaited. Nothing secret is left. */
export class Finished implements Stage {
  next({ kind }: StepInstruction): never {
    throw new ClientError("protocol", `got the instruction ${kind}, wanted the round's end`);
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}

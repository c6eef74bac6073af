import { bytesOfHex } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { uploadRoot } from "../merkle.ts";
import type { EncryptedTranscript } from "../transcript/transcript.ts";
import { byId } from "./checks.ts";
import { MaskingError } from "./error.ts";
import { ExchangeContext } from "./exchange-context.ts";
import type { Hash, ModelReport, ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";
import { requireSignature, signMessage } from "./signatures.ts";
import { survivorDigest } from "./survivors.ts";
import type { UpdateCounts } from "./update-counts.ts";

/** What a survivor has made of a round's sum. */
export type MadeModel = Omit<ModelReport, "participantId" | "signature">;

/** Reports of which enough are equal. */
export interface AgreedModel extends MadeModel {
  /** The equal ones. Sorted by id. */
  readonly reports: readonly ModelReport[];
}

/** What a round's reports are bound to: its exchange, its survivor set and its encrypted sum. */
export class ReportBinding {
  readonly #context: ExchangeContext;
  readonly #digest: Uint8Array;
  readonly #sumRoot: Uint8Array;

  /** `survivors` and `encryptedSum` of a round of this exchange. */
  constructor(
    context: ExchangeContext,
    { survivors, encryptedSum }: Pick<EncryptedTranscript, "survivors" | "encryptedSum">,
  ) {
    this.#context = context;
    this.#digest = survivorDigest(
      context,
      survivors.map(({ upload }) => upload),
    );
    this.#sumRoot = uploadRoot(encryptedSum);
  }

  /** Of a transcript that was verified, or is the caller's own. */
  static of(transcript: EncryptedTranscript): ReportBinding {
    const { config, keyBook } = transcript;
    return new ReportBinding(new ExchangeContext(new RoundContext(config), keyBook), transcript);
  }

  /** Signs what a survivor has made of the sum. Throws {@link MaskingError} `wrong-length`, `bad-counts` as {@link check}. */
  sign(identity: Identity, made: MadeModel): ModelReport {
    const { participantId } = identity;
    const body = this.#bodyOf(participantId, made);
    const signature = signMessage(identity, this.#context, "model-report", body);
    const { modelHash, stateHash, counts } = made;
    return { participantId, modelHash, stateHash, counts, signature };
  }

  /**
   * Throws {@link MaskingError} unless a cohort member signed the report: `wrong-length` for a model's or a state's hash that
   * is none, `bad-counts` for counts that are not integers from 0 to 2^53 - 1, `unknown-participant`, `bad-signature`.
   */
  check(report: ModelReport): void {
    const { participantId, signature } = report;
    const body = this.#bodyOf(participantId, report);
    requireSignature(this.#context, "model-report", participantId, body, signature);
  }

  #bodyOf(participantId: ParticipantId, made: MadeModel): Uint8Array {
    return Buffer.concat([
      Buffer.from(participantId),
      this.#digest,
      this.#sumRoot,
      madeBytes(made),
    ]);
  }
}

/** Signs what a survivor has made of the sum of a transcript that it has verified. */
export function signModelReport(
  identity: Identity,
  transcript: EncryptedTranscript,
  made: MadeModel,
): ModelReport {
  return ReportBinding.of(transcript).sign(identity, made);
}

/** Checked reports of distinct survivors, sorted by id, in groups of equal ones, the largest first. */
export function equalReports(reports: Iterable<ModelReport>): readonly (readonly ModelReport[])[] {
  const groups = Map.groupBy(byId(reports), keyOf);
  return [...groups.values()].toSorted((a, b) => b.length - a.length);
}

/**
 * The largest group of equal ones among checked reports of distinct survivors. Throws {@link MaskingError} `no-agreement`, with
 * the groups' sizes, unless it has `threshold` reports or more, which is more than half of any cohort.
 */
export function agreedModel(reports: Iterable<ModelReport>, threshold: number): AgreedModel {
  const groups = equalReports(reports);
  const [largest = []] = groups;
  const [first] = largest;
  if (first === undefined || largest.length < threshold) {
    const sizes = groups.map(({ length }) => length).join(" + ") || "none";
    const message = `reports that are equal: ${sizes}; wanted ${threshold} or more`;
    const numbers = { got: largest.length, wanted: threshold };
    throw new MaskingError("no-agreement", message, numbers);
  }
  const { modelHash, stateHash, counts } = first;
  return { modelHash, stateHash, counts, reports: largest };
}

function keyOf(report: ModelReport): string {
  return Buffer.from(madeBytes(report)).toString("base64");
}

/**
 * Model hash; 1 and the state's hash, or 0 and zeros where there is no state; the counts in 8 bytes each, big-endian: 97
 * bytes, other ones for everything else that can be made.
 */
function madeBytes({ modelHash, stateHash, counts }: MadeModel): Uint8Array {
  const state = stateHash === "" ? new Uint8Array(32) : hashBytes(stateHash, "state hash");
  const hasState = Uint8Array.of(stateHash === "" ? 0 : 1);
  return Buffer.concat([hashBytes(modelHash, "model hash"), hasState, state, countBytes(counts)]);
}

function hashBytes(hash: Hash, what: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(hash)) return bytesOfHex(hash);
  const message = `a ${what} has ${hash.length} characters, wanted 64 lowercase hexadecimal digits`;
  throw new MaskingError("wrong-length", message);
}

function countBytes(counts: UpdateCounts): Uint8Array {
  const { trainingExamples, evaluationExamples, evaluationCorrect, evaluationLossMillis } = counts;
  const view = new DataView(new ArrayBuffer(32));
  const inOrder = [trainingExamples, evaluationExamples, evaluationCorrect, evaluationLossMillis];
  for (const [index, count] of inOrder.entries()) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new MaskingError("bad-counts", `count ${index} is ${count}, wanted 0 to 2^53 - 1`);
    }
    view.setBigUint64(8 * index, BigInt(count));
  }
  return new Uint8Array(view.buffer);
}

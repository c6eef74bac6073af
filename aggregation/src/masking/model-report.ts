import { bytesOfHex } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { uploadRoot } from "../merkle.ts";
import type { EncryptedTranscript } from "../transcript/transcript.ts";
import { byId, requireLength } from "./checks.ts";
import { MaskingError } from "./error.ts";
import { ExchangeContext } from "./exchange-context.ts";
import type { ModelReport, ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";
import { requireSignature, signMessage } from "./signatures.ts";
import { survivorDigest } from "./survivors.ts";
import type { UpdateCounts } from "./update-vector.ts";

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

  /** Signs what a survivor has made of the sum. RangeError for a count that is not an integer from 0 to 2^64 - 1. */
  sign(identity: Identity, made: MadeModel): ModelReport {
    const { participantId } = identity;
    const body = this.#bodyOf(participantId, made);
    const signature = signMessage(identity, this.#context, "model-report", body);
    const { modelHash, stateHash, counts } = made;
    return { participantId, modelHash, stateHash, counts, signature };
  }

  /** Throws {@link MaskingError} unless a cohort member signed the report: `wrong-length`, `unknown-participant`, `bad-signature`. */
  check(report: ModelReport): void {
    const { participantId, modelHash, stateHash, signature } = report;
    const { guard } = this.#context;
    requireLength(bytesOfHex(modelHash), 32, "model hash", participantId, guard);
    if (stateHash !== "") {
      requireLength(bytesOfHex(stateHash), 32, "state hash", participantId, guard);
    }
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

/**
 * The largest group of equal ones among checked reports of distinct survivors. Throws {@link MaskingError} `no-agreement`, with
 * the groups' sizes, unless it has `threshold` reports or more, which is more than half of any cohort.
 */
export function agreedModel(reports: Iterable<ModelReport>, threshold: number): AgreedModel {
  const groups = [...Map.groupBy(byId(reports), keyOf).values()].toSorted(
    (a, b) => b.length - a.length,
  );
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

/** Model hash, state hash (zeros for none), and the counts in 8 bytes each, big-endian: 96 bytes. */
function madeBytes({ modelHash, stateHash, counts }: MadeModel): Uint8Array {
  const state = stateHash === "" ? new Uint8Array(32) : bytesOfHex(stateHash);
  return Buffer.concat([bytesOfHex(modelHash), state, countBytes(counts)]);
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

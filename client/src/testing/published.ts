import {
  applyOuterStep,
  bytesOfWords,
  decodeSum,
  isEncryptedTranscript,
  type MaskedTranscript,
  modelHash,
  modelToBytes,
  type RoundTranscript,
  type StrategyPlan,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import * as proto from "@chorus/proto/v1/transcript";
import { keysMessage, reportMessage } from "../wire/messages.ts";
import type { Publishing } from "./scripted-coordinator.ts";
import { LAYOUT, MODEL, PLAN, piecesOf } from "./tiny-round.ts";

/** A transcript as a coordinator publishes it. */
export function transcriptBytes(transcript: RoundTranscript): Uint8Array {
  const { config, keyBook, survivors, acks } = transcript;
  const none = new Uint8Array();
  const sums = isEncryptedTranscript(transcript)
    ? {
        ...{ sum: none, randomness: none, encryptedSum: transcript.encryptedSum },
        reports: transcript.reports.map(reportMessage),
      }
    : {
        ...{ encryptedSum: none, reports: [] },
        sum: bytesOfWords(transcript.sum),
        randomness: bytesOfWords(transcript.randomness),
      };
  return proto.RoundTranscript.encode({
    roundConfig: serialiseRoundConfig(config),
    keyBook: keyBook.map(keysMessage),
    survivors: survivors.map(({ upload, commitment }) => ({
      upload,
      vectorCommitment: commitment,
    })),
    acks,
    ...sums,
  }).finish();
}

/** Publishes a transcript in chunks of this many bytes, from the offset that is asked for. */
export function publish(bytes: Uint8Array, chunkBytes = 65_536): (call: Publishing) => void {
  return (call) => {
    for (const message of piecesOf(bytes, call.request.offset, chunkBytes)) call.write(message);
    call.end();
  };
}

/** A model, and what a strategy goes on with. */
export interface Stepped {
  readonly model: Float32Array;
  readonly state: Float32Array | undefined;
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** What a round makes of the tiny model, or of what the round before made. */
export function stepOf(
  { sum, survivors, config }: MaskedTranscript,
  before: Pick<Stepped, "model" | "state"> = { model: MODEL, state: undefined },
  strategy: StrategyPlan = PLAN.strategy,
): Stepped {
  const { meanDelta } = decodeSum(sum, survivors.length, config);
  const { model, state } = applyOuterStep(strategy, { ...before, meanDelta });
  return { model, state, hash: modelHash(LAYOUT, model), bytes: modelToBytes(model) };
}

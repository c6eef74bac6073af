import { bytesOfWords, type RoundTranscript, serialiseRoundConfig } from "@chorus/aggregation";
import { RoundTranscript as TranscriptMessage } from "@chorus/proto/v1/transcript";

/** A round's transcript as it is published: the bytes of its message in `transcript.proto`. */
export function transcriptToBytes(transcript: RoundTranscript): Uint8Array {
  const { config, keyBook, survivors, acks, sum, randomness } = transcript;
  return TranscriptMessage.encode({
    roundConfig: serialiseRoundConfig(config),
    keyBook: [...keyBook],
    survivors: survivors.map(({ upload, commitment }) => ({
      upload,
      vectorCommitment: commitment,
    })),
    acks: [...acks],
    sum: bytesOfWords(sum),
    randomness: bytesOfWords(randomness),
  }).finish();
}

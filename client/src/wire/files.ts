import { type Hash, sha256, UPLOAD_CHUNK_BYTES } from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import { ClientError } from "../error.ts";
import { bytesOf, exactly } from "./fields.ts";

/** A piece of a model, sealed or not, or of a transcript. Not checked against its hash yet. */
export interface FilePart {
  /** Of the whole file. */
  readonly totalBytes: number;
  /** Of the first byte of `data`. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
}

/** Reads a piece of a file. Throws {@link ClientError} `protocol`. */
export function readFilePart(
  message:
    | participant.DownloadModelResponse
    | participant.DownloadHandoverResponse
    | participant.DownloadTranscriptResponse,
): FilePart {
  const { totalBytes, chunk } = message;
  if (chunk === undefined)
    throw new ClientError("protocol", "got no chunk, wanted a piece of the file");
  const { offset, data, sha256 } = chunk;
  if (data.length === 0 || data.length > UPLOAD_CHUNK_BYTES)
    throw new ClientError(
      "protocol",
      `got a chunk of ${data.length} bytes, wanted 1 to ${UPLOAD_CHUNK_BYTES}`,
    );
  return { totalBytes, offset, data, sha256: exactly(sha256, 32, "chunk's SHA-256") };
}

/** The chunks of a file in order, each made when it is asked for. */
export function* chunksOf(bytes: Uint8Array): Generator<types.Chunk, void, undefined> {
  for (let offset = 0; offset < bytes.length; offset += UPLOAD_CHUNK_BYTES) {
    const data = bytes.subarray(offset, offset + UPLOAD_CHUNK_BYTES);
    yield { offset, data, sha256: sha256(data) };
  }
}

export function downloadModelRequest(
  modelHash: Hash,
  offset: number,
): participant.DownloadModelRequest {
  return { modelHash: bytesOf(modelHash), offset };
}

/** Asks for the bytes that belong to a round: of its transcript, or of the sealed model. */
export function downloadOfRoundRequest(
  roundId: Hash,
  offset: number,
): participant.DownloadTranscriptRequest & participant.DownloadHandoverRequest {
  return { roundId: bytesOf(roundId), offset };
}

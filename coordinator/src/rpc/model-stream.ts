import type { Hash } from "@chorus/aggregation";
import type { Chunk } from "@chorus/proto/v1/types";
import { RunError } from "../runs/error.ts";
import type { BlobStore } from "../store/store.ts";
import { chunkBytes, chunkOf } from "./chunks.ts";

/** A model's bytes from an offset on. Throws {@link RunError} `unknown-model`, also for an offset beyond the end. */
export async function* modelChunks(
  blobs: BlobStore,
  hash: Hash,
  offset: number,
): AsyncGenerator<{ totalBytes: number; chunk: Chunk }> {
  const totalBytes = await blobs.size(hash);
  if (totalBytes === undefined || offset > totalBytes)
    throw new RunError("unknown-model", `there is no model ${hash} with a byte ${offset}`);
  for (let at = offset; at < totalBytes; at += chunkBytes)
    yield { totalBytes, chunk: chunkOf(at, await blobs.read(hash, at, chunkBytes)) };
}

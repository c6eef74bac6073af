import type { Hash } from "@chorus/aggregation";
import type { Chunk } from "@chorus/proto/v1/types";
import { RunError, type RunErrorCode } from "../runs/error.ts";
import type { BlobStore, Store } from "../store/store.ts";
import { chunkBytes, chunkOf } from "./chunks.ts";

/** A piece of a file. */
interface Part {
  /** Bytes of the whole file. */
  readonly totalBytes: number;
  readonly chunk: Chunk;
}

interface Files {
  readonly store: Store;
  readonly blobs: BlobStore;
}

/**
 * A model's bytes from an offset on. Throws {@link RunError} `unknown-model`, also for an offset beyond the end; of a model that
 * participants have and nobody else, the message says so.
 */
export async function* modelChunks(
  { store, blobs }: Files,
  hash: Hash,
  offset: number,
): AsyncGenerator<Part> {
  const isHere = (await blobs.size(hash)) !== undefined;
  const run = isHere ? undefined : await store.runOfModel(hash);
  if (run !== undefined && isEncryptedPlan(run.plan))
    throw new RunError(
      "unknown-model",
      `the model ${hash} is of an encrypted run: its participants have it, the coordinator never had`,
    );
  yield* chunksOf(blobs, hash, offset, "unknown-model");
}

/**
 * The bytes of what is published of a completed round, from an offset on. Throws {@link RunError} `abandoned-round` for an
 * attempt that was abandoned, of which nothing is published; `unknown-transcript` for one that goes on or never was, a
 * round of which none was kept, and an offset beyond the end.
 */
export async function* transcriptChunks(
  { store, blobs }: Files,
  roundId: Hash,
  offset: number,
): AsyncGenerator<Part> {
  const round = await store.completedRound(roundId);
  if (round === undefined && (await store.wasAbandoned(roundId)))
    throw new RunError("abandoned-round", `the attempt ${roundId} at a round was abandoned`);
  if (round === undefined || round.transcriptHash === "")
    throw new RunError("unknown-transcript", `there is no transcript of a round ${roundId}`);
  yield* chunksOf(blobs, round.transcriptHash, offset, "unknown-transcript");
}

/** Whether a stored plan is of a run whose sums the coordinator does not see. */
function isEncryptedPlan(planJson: string): boolean {
  const { protection } = JSON.parse(planJson) as {
    readonly protection?: { readonly kind?: unknown };
  };
  return protection?.kind === "he";
}

async function* chunksOf(
  blobs: BlobStore,
  hash: Hash,
  offset: number,
  unknown: RunErrorCode,
): AsyncGenerator<Part> {
  const totalBytes = await blobs.size(hash);
  if (totalBytes === undefined || offset > totalBytes)
    throw new RunError(unknown, `there is no file ${hash} with a byte ${offset}`);
  for (let at = offset; at < totalBytes; at += chunkBytes)
    yield { totalBytes, chunk: chunkOf(at, await blobs.read(hash, at, chunkBytes)) };
}

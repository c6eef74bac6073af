import {
  type Hash,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  sha256,
} from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { Uplink } from "../uplink.ts";
import type { ModelPart } from "../wire.ts";

/**
 * Fetches a model, going on where an outage interrupted it. Shape `[parameters]`, every value finite, of this hash.
 * Rejects with {@link ClientError} `protocol` for a wrong length, order or checksum, and `wrong-model` for another hash;
 * with ModelError for values that are not finite; with the signal's reason.
 */
export async function downloadModel(
  wantedHash: Hash,
  layout: ModelLayout,
  uplink: Uplink,
  signal: AbortSignal,
): Promise<Float32Array> {
  const download = new Download(4 * layout.parameters);
  while (!download.isComplete) {
    const before = download.receivedBytes;
    await uplink.call(async (connection, either) => {
      const parts = connection.download(wantedHash, download.receivedBytes, either);
      for await (const part of parts) download.add(part);
    }, signal);
    if (download.receivedBytes === before) throw short(download);
  }
  const model = modelFromBytes(layout, download.bytes);
  const hash = modelHash(layout, model);
  if (hash !== wantedHash)
    throw new ClientError("wrong-model", `the model's hash is ${hash}, wanted ${wantedHash}`);
  return model;
}

/** A model's bytes as they arrive, in order. Memory is taken when the first piece has told the right length. */
class Download {
  readonly #totalBytes: number;
  #bytes: Uint8Array = new Uint8Array();
  #receivedBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isComplete(): boolean {
    return this.#receivedBytes === this.#totalBytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds the next piece. Throws {@link ClientError} `protocol`, and has added nothing then. */
  add({ totalBytes, offset, data, sha256: wanted }: ModelPart): void {
    if (totalBytes !== this.#totalBytes)
      throw corrupt(`a model of ${totalBytes} bytes`, `${this.#totalBytes} as the plan has it`);
    if (offset !== this.#receivedBytes)
      throw corrupt(`a chunk at byte ${offset}`, `the one at ${this.#receivedBytes}`);
    if (offset + data.length > totalBytes)
      throw corrupt(`a chunk that ends at byte ${offset + data.length}`, `${totalBytes} at most`);
    if (Buffer.compare(sha256(data), wanted) !== 0)
      throw corrupt(`other bytes at ${offset}`, "those of the chunk's SHA-256");
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(totalBytes);
    this.#bytes.set(data, offset);
    this.#receivedBytes += data.length;
  }
}

function short({ receivedBytes }: Download): ClientError {
  return corrupt(`the end of the model at byte ${receivedBytes}`, "more");
}

function corrupt(got: string, wanted: string): ClientError {
  return new ClientError("protocol", `got ${got}, wanted ${wanted}`);
}

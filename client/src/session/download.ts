import { type Hash, type ModelLayout, modelFromBytes, modelHash } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { downloadFile } from "../resumed-download.ts";
import type { Uplink } from "../uplink.ts";

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
  const modelBytes = 4 * layout.parameters;
  const bytes = await downloadFile(
    {
      what: "model",
      allows: (totalBytes) => totalBytes === modelBytes,
      wanted: `${modelBytes} as the plan has it`,
      from: (connection, offset, either) => connection.download(wantedHash, offset, either),
    },
    uplink,
    signal,
  );
  const model = modelFromBytes(layout, bytes);
  const hash = modelHash(layout, model);
  if (hash !== wantedHash)
    throw new ClientError("wrong-model", `the model's hash is ${hash}, wanted ${wantedHash}`);
  return model;
}

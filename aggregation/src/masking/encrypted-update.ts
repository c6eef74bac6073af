import { drawCommitmentRandomness } from "../commitment/randomness.ts";
import { heEncodingOf, heValueCount } from "../he/he-encoding.ts";
import { encodeHeUpdate } from "../he/he-quantiser.ts";
import { writeRandomness } from "../he/randomness-limbs.ts";
import type { OpenKernels } from "../kernels/kernels.ts";
import type { EncryptedRoundConfig } from "./config.ts";
import type { MaskingTools } from "./participant-masking.ts";
import type { Update } from "./quantiser.ts";

/** An update of an encrypted round as it is encrypted, and the commitment to it. */
export interface EncodedUpdate {
  /** The update's values, to which the commitment is, then the commitment's randomness. Secret. */
  readonly values: Uint16Array<ArrayBuffer>;
  /** `COMMITMENT_BYTES`. */
  readonly commitment: Uint8Array;
}

/** Encodes an update and commits to it under fresh randomness. Throws `HeError` as `encodeHeUpdate`. */
export function encodeEncrypted(
  update: Update,
  config: EncryptedRoundConfig,
  { committer, random }: MaskingTools,
  openKernels: OpenKernels,
): EncodedUpdate {
  const encoding = heEncodingOf(config);
  const { parameters, dimension } = encoding;
  const encoded = encodeHeUpdate(update, encoding, random, openKernels);
  const randomness = drawCommitmentRandomness(random);
  const committed = new Uint32Array(encoded);
  const commitment = committer.commit(committed, randomness).toBytes();
  const values = new Uint16Array(heValueCount(parameters, dimension));
  values.set(encoded);
  writeRandomness(parameters, values.subarray(encoded.length), randomness);
  for (const secret of [encoded, committed, randomness]) secret.fill(0);
  return { values, commitment };
}

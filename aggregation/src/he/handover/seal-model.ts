import { bytesToHex, sha256 } from "../../hash.ts";
import type { Identity } from "../../identity.ts";
import { AgreementKey } from "../../masking/key-agreement.ts";
import { modelToBytes } from "../../model/model-bytes.ts";
import type { RandomSource } from "../../random.ts";
import type {
  AddressedHandover,
  HandoverBinding,
  HeldModel,
  ModelRequest,
  SealedModel,
} from "./handover.ts";
import { bindingHash, handoverBytes, signerOf } from "./handover-signing.ts";
import { wrappingKey } from "./model-keys.ts";
import { checkModelRequest } from "./model-request.ts";
import { HEAD_BYTES, headOf, modelAad, sealBytes, TAG_BYTES } from "./sealed-model.ts";

/** Bytes that {@link sealModel} makes of a model and its state that have so many numbers together. */
export function sealedModelBytes(numbers: number): number {
  return HEAD_BYTES + 4 * numbers + TAG_BYTES;
}

/**
 * Seals a run's model once for everybody who asked. `random` must be secret. Throws {@link HandoverError} as
 * `checkModelRequest`, for the first request that is refused; whether those who ask may have the model is for the caller
 * to check before.
 */
export function sealModel(
  binding: HandoverBinding,
  identity: Identity,
  requests: readonly ModelRequest[],
  held: HeldModel,
  random: RandomSource,
): SealedModel {
  for (const request of requests) checkModelRequest(binding, request);
  const secrets = new Uint8Array(64);
  random.fill(secrets);
  const [modelKey, seed] = [secrets.subarray(0, 32), secrets.subarray(32)];
  using key = new AgreementKey(seed);
  const model = modelToBytes(held.model);
  const state = held.state === undefined ? [] : [modelToBytes(held.state)];
  const aad = modelAad(bindingHash(binding), identity.participantId);
  const sealed = sealBytes(modelKey, aad, [headOf(model.length), model, ...state]);
  const common = { sealedHash: bytesToHex(sha256(sealed), 32), totalBytes: sealed.length };
  const handovers = requests.map((request) =>
    handoverFor(binding, identity, request, { ...common, key, modelKey }),
  );
  secrets.fill(0);
  return { sealed, handovers };
}

function handoverFor(
  binding: HandoverBinding,
  identity: Identity,
  request: ModelRequest,
  made: {
    readonly key: AgreementKey;
    readonly modelKey: Uint8Array;
    readonly totalBytes: number;
    readonly sealedHash: string;
  },
): AddressedHandover {
  const { key, modelKey, totalBytes, sealedHash } = made;
  const to = request.participantId;
  const address = {
    binding: bindingHash(binding),
    from: identity.participantId,
    fromKey: key.publicKey,
    to,
    toKey: request.encryptionKey,
  };
  const wrapping = wrappingKey(key, to, request.encryptionKey, address);
  const sealedKey = sealBytes(wrapping, address.binding, [modelKey]);
  wrapping.fill(0);
  const unsigned = {
    ...signerOf(identity),
    encryptionKey: key.publicKey,
    sealedKey,
    totalBytes,
    sealedHash,
  };
  const signature = identity.sign(handoverBytes(binding, request, unsigned));
  return { to, handover: { ...unsigned, signature } };
}

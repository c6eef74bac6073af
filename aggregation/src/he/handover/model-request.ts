import type { Identity } from "../../identity.ts";
import { AgreementKey } from "../../masking/key-agreement.ts";
import type { RandomSource } from "../../random.ts";
import type { HandedOver, Handover, HandoverBinding, ModelRequest } from "./handover.ts";
import { requestBytes, requireLengths, requireSigned, signerOf } from "./handover-signing.ts";
import { requireAgreement } from "./model-keys.ts";
import { openModel } from "./open-model.ts";

/** A participant's request for a round's model, with the key that opens the answers to it. Prints nothing of that. */
export class ModelRequestKeys implements Disposable {
  readonly request: ModelRequest;
  readonly #binding: HandoverBinding;
  readonly #key: AgreementKey;

  private constructor(binding: HandoverBinding, request: ModelRequest, key: AgreementKey) {
    this.request = request;
    this.#binding = binding;
    this.#key = key;
  }

  /** A request with a fresh key. `random` must be secret. */
  static make(
    binding: HandoverBinding,
    identity: Identity,
    random: RandomSource,
  ): ModelRequestKeys {
    const seed = new Uint8Array(32);
    random.fill(seed);
    const key = new AgreementKey(seed);
    seed.fill(0);
    const unsigned = { ...signerOf(identity), encryptionKey: key.publicKey };
    const signature = identity.sign(requestBytes(binding, unsigned));
    return new ModelRequestKeys(binding, { ...unsigned, signature }, key);
  }

  /**
   * What was handed over in answer to this request: whose hash it must have, and what it must look like, is for the caller
   * to check. Throws {@link HandoverError} as `checkHandover` and `checkSealedModel`; `unopenable-model` when key or model
   * were sealed for another participant, request, round or model, or were changed.
   */
  open(handover: Handover, sealed: Uint8Array): HandedOver {
    return openModel(this.#binding, this.request, this.#key, handover, sealed);
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]();
  }
}

/**
 * Throws {@link HandoverError} unless the request is its participant's own, for this model and attempt: `wrong-length`,
 * `wrong-participant`, `bad-signature`, `bad-key`. Whether the participant is one of the federation's is for the caller to
 * check.
 */
export function checkModelRequest(binding: HandoverBinding, request: ModelRequest): void {
  const { participantId, identityKey, encryptionKey, signature } = request;
  requireLengths(participantId, {
    "identity key": [identityKey, 32],
    "encryption key": [encryptionKey, 32],
    signature: [signature, 64],
  });
  requireSigned("model request", request, () => requestBytes(binding, request));
  requireAgreement(participantId, encryptionKey);
}

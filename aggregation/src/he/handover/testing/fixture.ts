import { createIdentity, type Identity } from "../../../identity.ts";
import { type RandomSource, seededRandom } from "../../../random.ts";
import { seedOf } from "../../testing/round.ts";
import type {
  Handover,
  HandoverBinding,
  HeldModel,
  ModelRequest,
  SealedModel,
} from "../handover.ts";
import { HandoverError, type HandoverErrorCode } from "../handover-error.ts";
import { ModelRequestKeys } from "../model-request.ts";
import { sealModel } from "../seal-model.ts";

// For tests: three participants, a model, and what they hand over.

export const GIVER: Identity = createIdentity(seedOf("giver"));
export const ASKER: Identity = createIdentity(seedOf("asker"));
export const OTHER: Identity = createIdentity(seedOf("other"));

export const BINDING: HandoverBinding = {
  federationId: "0a".repeat(32),
  runId: "0b".repeat(32),
  round: 7,
  roundId: "0c".repeat(32),
  modelHash: "0d".repeat(32),
  stateHash: "0e".repeat(32),
};
/** The binding with each of its fields changed. */
export const OTHER_BINDINGS: readonly HandoverBinding[] = [
  { ...BINDING, federationId: "1a".repeat(32) },
  { ...BINDING, runId: "1b".repeat(32) },
  { ...BINDING, round: 8 },
  { ...BINDING, roundId: "1c".repeat(32) },
  { ...BINDING, modelHash: "1d".repeat(32) },
  { ...BINDING, stateHash: "1e".repeat(32) },
  { ...BINDING, stateHash: "" },
];
export const HELD: HeldModel = {
  model: Float32Array.from({ length: 1000 }, (_, i) => i / 7),
  state: Float32Array.from({ length: 2000 }, (_, i) => -i / 3),
};

/** The code with which an action is refused; undefined where it is not. */
export function codeOf(action: () => unknown): HandoverErrorCode | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof HandoverError) return error.code;
    throw error;
  }
  return undefined;
}

/** Keys that repeat. */
export function keysOf(
  identity: Identity,
  name: string,
  binding: HandoverBinding = BINDING,
): ModelRequestKeys {
  return ModelRequestKeys.make(binding, identity, seededRandom(name));
}

/** What the giver hands over. */
export function sealedFor(
  requests: readonly ModelRequest[],
  change: { held?: HeldModel; binding?: HandoverBinding; random?: RandomSource } = {},
): SealedModel {
  const { held = HELD, binding = BINDING, random = seededRandom("sealing") } = change;
  return sealModel(binding, GIVER, requests, held, random);
}

/** For the first of those who asked, or another one. */
export function handoverIn({ handovers }: SealedModel, index: number = 0): Handover {
  const found = handovers[index];
  if (found === undefined) throw new Error(`no handover ${index}`);
  return found.handover;
}

/** The bytes with one bit changed. */
export function flipped(bytes: Uint8Array, place: number): Uint8Array {
  const changed = bytes.slice();
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}

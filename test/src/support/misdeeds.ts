import { sha256 } from "@chorus/aggregation";
import type { Step, StepCall, StepRequests } from "@chorus/cli/honest-answers";
import type { SubmitUpdateRequest, UploadHeader } from "@chorus/proto/v1/participant";
import type {
  Chunk,
  KeyAdvertisement,
  SurvivorAck,
  UploadCommitment,
} from "@chorus/proto/v1/types";
import { flipped, randomBytes } from "./bytes.ts";

/** A message that is wrong, made of the honest one, and how it is refused: status and reason. */
export interface Misdeed {
  readonly step: Step;
  readonly what: string;
  readonly refusal: string;
  readonly of: (honest: StepCall) => StepCall;
}

type Upload = readonly SubmitUpdateRequest[];
type Change<S extends Step> = (honest: StepRequests[S]) => StepRequests[S];
type Table = {
  readonly [S in Step]: Readonly<Record<string, readonly [refusal: string, change: Change<S>]>>;
};

const mebibyte = 1_048_576;
const nobody = "0".repeat(32);

const table: Table = {
  acceptRound: {
    "an unknown round": ["FAILED_PRECONDITION unknown-round", (r) => ({ ...r, roundId: fresh() })],
    "a round id of 31 bytes": [
      "INVALID_ARGUMENT wrong-length",
      (r) => ({ ...r, roundId: r.roundId.subarray(1) }),
    ],
    "another plan": ["INVALID_ARGUMENT wrong-plan", (r) => ({ ...r, planHash: fresh() })],
    "no plan": ["INVALID_ARGUMENT wrong-length", (r) => ({ ...r, planHash: randomBytes(0) })],
  },
  reportTrained: {
    "another model": ["INVALID_ARGUMENT wrong-model", (r) => ({ ...r, modelHash: fresh() })],
    "no commitment to a nonce": [
      "INVALID_ARGUMENT wrong-length",
      (r) => ({ ...r, graphNonceCommitment: randomBytes(0) }),
    ],
  },
  advertiseKeys: {
    "another configuration": [
      "INVALID_ARGUMENT wrong-config",
      (r) => ({ ...r, configHash: fresh() }),
    ],
    "no keys": ["INVALID_ARGUMENT missing-field", (r) => ({ ...r, advertisement: undefined })],
    "a key of 31 bytes": [
      "INVALID_ARGUMENT wrong-length",
      keys(({ maskKey }) => ({ maskKey: maskKey.subarray(1) })),
    ],
    "keys of somebody else": [
      "FAILED_PRECONDITION not-in-cohort",
      keys(() => ({ participantId: nobody })),
    ],
    "keys under another signature": [
      "INVALID_ARGUMENT bad-signature",
      keys(({ signature }) => ({ signature: flipped(signature) })),
    ],
    "another nonce under the signature": [
      "INVALID_ARGUMENT bad-signature",
      keys(({ graphNonce }) => ({ graphNonce: flipped(graphNonce) })),
    ],
    "a nonce of 31 bytes": [
      "INVALID_ARGUMENT wrong-length",
      keys(({ graphNonce }) => ({ graphNonce: graphNonce.subarray(1) })),
    ],
    "another key under the signature": [
      "INVALID_ARGUMENT bad-signature",
      keys(({ encryptionKey }) => ({ encryptionKey: flipped(encryptionKey) })),
    ],
  },
  shareKeys: {
    "one share too few": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, sealedShares: r.sealedShares.slice(1) }),
    ],
    "one share twice": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, sealedShares: [...r.sealedShares, ...r.sealedShares.slice(0, 1)] }),
    ],
    "a share for a stranger": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, sealedShares: first(r.sealedShares, (s) => ({ ...s, to: nobody })) }),
    ],
    "a share from somebody else": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, sealedShares: first(r.sealedShares, (s) => ({ ...s, from: nobody })) }),
    ],
    "a share of 81 bytes": [
      "INVALID_ARGUMENT wrong-length",
      (r) => ({
        ...r,
        sealedShares: first(r.sealedShares, (s) => ({ ...s, ciphertext: randomBytes(81) })),
      }),
    ],
  },
  submitUpdate: {
    "no header": ["INVALID_ARGUMENT bad-chunk", (parts) => parts.slice(1)],
    "two headers": ["INVALID_ARGUMENT bad-chunk", (parts) => [...parts.slice(0, 1), ...parts]],
    nothing: ["INVALID_ARGUMENT bad-chunk", () => []],
    "no chunks": ["INVALID_ARGUMENT wrong-length", (parts) => parts.slice(0, 1)],
    "a vector of another length": [
      "INVALID_ARGUMENT wrong-length",
      header(({ totalBytes }) => ({ totalBytes: totalBytes + 4 })),
    ],
    "half of the vector": [
      "INVALID_ARGUMENT wrong-length",
      chunk((c) => withData(c, c.data.subarray(0, 32))),
    ],
    "more than the vector": [
      "INVALID_ARGUMENT wrong-length",
      chunk((c) => withData(c, randomBytes(c.data.length + 1))),
    ],
    "a chunk that begins late": ["INVALID_ARGUMENT bad-chunk", chunk((c) => ({ ...c, offset: 4 }))],
    "an empty chunk": ["INVALID_ARGUMENT bad-chunk", chunk((c) => withData(c, randomBytes(0)))],
    "a chunk of more than 1 MiB": [
      "INVALID_ARGUMENT bad-chunk",
      chunk((c) => withData(c, randomBytes(mebibyte + 1))),
    ],
    "a message of more than 1 MiB and 64 KiB": [
      "RESOURCE_EXHAUSTED",
      chunk((c) => withData(c, randomBytes(mebibyte + 65_536))),
    ],
    "a chunk with the hash of another": [
      "INVALID_ARGUMENT bad-chunk",
      chunk((c) => ({ ...c, data: flipped(c.data) })),
    ],
    "another vector than the one committed to": [
      "INVALID_ARGUMENT wrong-upload-root",
      chunk((c) => withData(c, flipped(c.data))),
    ],
    "no commitment": ["INVALID_ARGUMENT missing-field", header(() => ({ commitment: undefined }))],
    "a commitment under another signature": [
      "INVALID_ARGUMENT bad-signature",
      commitment(({ signature }) => ({ signature: flipped(signature) })),
    ],
    "the hash of another commitment under the signature": [
      "INVALID_ARGUMENT bad-signature",
      commitment(({ commitmentHash }) => ({ commitmentHash: flipped(commitmentHash) })),
    ],
    "another commitment than the signed one": [
      "INVALID_ARGUMENT wrong-commitment",
      header(({ vectorCommitment }) => ({ vectorCommitment: flipped(vectorCommitment) })),
    ],
    "half a commitment": [
      "INVALID_ARGUMENT wrong-length",
      header(({ vectorCommitment }) => ({ vectorCommitment: vectorCommitment.subarray(8192) })),
    ],
    "a commitment of somebody else": [
      "FAILED_PRECONDITION not-in-cohort",
      commitment(() => ({ participantId: nobody })),
    ],
    "another configuration": [
      "INVALID_ARGUMENT wrong-config",
      header(() => ({ configHash: fresh() })),
    ],
  },
  confirmSurvivors: {
    "no signature": ["INVALID_ARGUMENT missing-field", (r) => ({ ...r, ack: undefined })],
    "another signature": [
      "INVALID_ARGUMENT bad-signature",
      ack(({ signature }) => ({ signature: flipped(signature) })),
    ],
    "a signature of somebody else": [
      "FAILED_PRECONDITION not-in-cohort",
      ack(() => ({ participantId: nobody })),
    ],
  },
  revealShares: {
    "one share too few": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, selfMaskShares: r.selfMaskShares.slice(1) }),
    ],
    "a share of 31 bytes": [
      "INVALID_ARGUMENT wrong-length",
      (r) => ({
        ...r,
        selfMaskShares: first(r.selfMaskShares, (s) => ({ ...s, share: randomBytes(31) })),
      }),
    ],
    "a share of a stranger's secret": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, selfMaskShares: first(r.selfMaskShares, (s) => ({ ...s, owner: nobody })) }),
    ],
    "both secrets of one survivor": [
      "INVALID_ARGUMENT wrong-shares",
      (r) => ({ ...r, maskKeyShares: r.selfMaskShares }),
    ],
  },
};

/** Everything that is wrong by itself, whatever was said before. */
export const misdeeds: readonly Misdeed[] = (Object.keys(table) as Step[]).flatMap(misdeedsAt);

/** Another well-formed message for the same step than the one that was sent. */
export const contradictions: { readonly [S in Step]: Change<S> } = {
  acceptRound: (r) => ({ ...r, planHash: fresh() }),
  reportTrained: (r) => ({ ...r, modelHash: fresh() }),
  advertiseKeys: keys(({ maskKey }) => ({ maskKey: flipped(maskKey) })),
  shareKeys: (r) => ({ ...r, sealedShares: r.sealedShares.toReversed() }),
  submitUpdate: commitment(({ uploadRoot }) => ({ uploadRoot: flipped(uploadRoot) })),
  confirmSurvivors: ack(({ signature }) => ({ signature: flipped(signature) })),
  revealShares: (r) => ({ ...r, selfMaskShares: r.selfMaskShares.toReversed() }),
};

/** The call with its request changed. */
export function changed<S extends Step>(
  { step, request }: StepCall<S>,
  change: Change<S>,
): StepCall<S> {
  return { step, request: change(request) } as StepCall<S>;
}

function misdeedsAt<S extends Step>(step: S): readonly Misdeed[] {
  return Object.entries(table[step]).map(([what, [refusal, change]]) => ({
    step,
    what,
    refusal,
    of: (honest: StepCall) => changed(honest as StepCall<S>, change) as StepCall,
  }));
}

/** The call with another round's id. */
export function inRound(call: StepCall, roundId: Uint8Array): StepCall {
  if (call.step !== "submitUpdate")
    return { ...call, request: { ...call.request, roundId } } as StepCall;
  return changed<"submitUpdate">(
    call,
    header(() => ({ roundId })),
  );
}

function fresh(): Uint8Array {
  return randomBytes(32);
}

function keys(
  change: (honest: KeyAdvertisement) => Partial<KeyAdvertisement>,
): Change<"advertiseKeys"> {
  return (request) => {
    const { advertisement } = request;
    if (advertisement === undefined) return request;
    return { ...request, advertisement: { ...advertisement, ...change(advertisement) } };
  };
}

function ack(change: (honest: SurvivorAck) => Partial<SurvivorAck>): Change<"confirmSurvivors"> {
  return (request) => {
    const { ack: honest } = request;
    return honest === undefined ? request : { ...request, ack: { ...honest, ...change(honest) } };
  };
}

function header(
  change: (honest: UploadHeader) => Partial<UploadHeader>,
): (parts: Upload) => Upload {
  return (parts) =>
    parts.map(({ part }) =>
      part?.$case === "header"
        ? { part: { $case: "header", value: { ...part.value, ...change(part.value) } } }
        : { part },
    );
}

function commitment(
  change: (honest: UploadCommitment) => Partial<UploadCommitment>,
): (parts: Upload) => Upload {
  return header(({ commitment: honest }) =>
    honest === undefined ? {} : { commitment: { ...honest, ...change(honest) } },
  );
}

function chunk(change: (honest: Chunk) => Chunk): (parts: Upload) => Upload {
  return (parts) =>
    parts.map(({ part }) =>
      part?.$case === "chunk" ? { part: { $case: "chunk", value: change(part.value) } } : { part },
    );
}

/** A chunk of other data, with the hash that they have. */
function withData(honest: Chunk, data: Uint8Array): Chunk {
  return { ...honest, data, sha256: sha256(data) };
}

function first<T>(list: readonly T[], change: (element: T) => T): readonly T[] {
  return list.map((element, index) => (index === 0 ? change(element) : element));
}

import { sha256 } from "@chorus/aggregation";
import type { SubmitUpdateRequest, UploadHeader } from "@chorus/proto/v1/participant";
import type { Chunk } from "@chorus/proto/v1/types";
import type { Step, StepCall, StepRequests } from "./honest-answers.ts";

type Parts = readonly SubmitUpdateRequest[];

const MEBIBYTE = 1_048_576;

/** A message that is wrong, made of the honest one, and the reason for which it is refused. */
export interface WireMisdeed {
  readonly name: string;
  readonly step: Step;
  readonly expected: string;
  of(honest: StepCall): StepCall;
}

/** Everything that is wrong by itself at its step, whatever was said before. */
export const misdeeds: readonly WireMisdeed[] = [
  misdeed("acceptRound", "another plan accepted", "wrong-plan", (r) => ({
    ...r,
    planHash: other(),
  })),
  misdeed("acceptRound", "an answer of another round", "unknown-round", (r) => ({
    ...r,
    roundId: other(),
  })),
  misdeed("reportTrained", "trained from another model", "wrong-model", (r) => ({
    ...r,
    modelHash: other(),
  })),
  misdeed("advertiseKeys", "keys for another configuration", "wrong-config", (r) => ({
    ...r,
    configHash: other(),
  })),
  misdeed("advertiseKeys", "keys of who is not in the cohort", "not-in-cohort", (r) => ({
    ...r,
    advertisement: r.advertisement && { ...r.advertisement, participantId: "0".repeat(32) },
  })),
  misdeed(
    "submitUpdate",
    "a truncated upload",
    "wrong-length",
    chunk((c) => withData(c, c.data.subarray(64))),
  ),
  misdeed(
    "submitUpdate",
    "an upload that is too long",
    "wrong-length",
    chunk((c) => withData(c, new Uint8Array(c.data.length + 4))),
  ),
  misdeed(
    "submitUpdate",
    "an oversize chunk of an upload",
    "bad-chunk",
    chunk((c) => withData(c, new Uint8Array(MEBIBYTE + 1))),
  ),
  misdeed(
    "submitUpdate",
    "a chunk of an upload with another hash",
    "bad-chunk",
    chunk((c) => ({
      ...c,
      sha256: other(),
    })),
  ),
  misdeed("submitUpdate", "an upload without its header", "bad-chunk", (parts) => parts.slice(1)),
  misdeed(
    "submitUpdate",
    "an upload that its root does not cover",
    "wrong-upload-root",
    chunk((c) => withData(c, new Uint8Array(c.data.length))),
  ),
  misdeed(
    "submitUpdate",
    "a flood: one message of many mebibytes",
    "RESOURCE_EXHAUSTED",
    chunk((c) => withData(c, new Uint8Array(4 * MEBIBYTE))),
  ),
  misdeed("confirmSurvivors", "no acknowledgement in its message", "missing-field", (r) => ({
    ...r,
    ack: undefined,
  })),
];

/** Another well-formed message for a step than the one that was taken. */
export const contradictions: readonly WireMisdeed[] = [
  misdeed(
    "submitUpdate",
    "contradictory uploads on the wire",
    "contradictory-message",
    header(({ commitment }) => ({
      commitment: commitment && { ...commitment, uploadRoot: other() },
    })),
  ),
  misdeed("shareKeys", "contradictory sealed shares", "contradictory-message", (r) => ({
    ...r,
    sealedShares: r.sealedShares.toReversed(),
  })),
];

function misdeed<S extends Step>(
  step: S,
  name: string,
  expected: string,
  change: (honest: StepRequests[S]) => StepRequests[S],
): WireMisdeed {
  return {
    name,
    step,
    expected,
    of: (honest) => {
      if (honest.step !== step) throw new Error(`got ${honest.step}, wanted ${step}`);
      return { step, request: change((honest as StepCall<S>).request) } as StepCall;
    },
  };
}

function header(change: (honest: UploadHeader) => Partial<UploadHeader>): (parts: Parts) => Parts {
  return (parts) =>
    parts.map(({ part }) =>
      part?.$case === "header"
        ? { part: { $case: "header", value: { ...part.value, ...change(part.value) } } }
        : { part },
    );
}

function chunk(change: (honest: Chunk) => Chunk): (parts: Parts) => Parts {
  return (parts) =>
    parts.map(({ part }) =>
      part?.$case === "chunk" ? { part: { $case: "chunk", value: change(part.value) } } : { part },
    );
}

/** A chunk of other data, with the hash that they have. */
function withData(honest: Chunk, data: Uint8Array): Chunk {
  return { ...honest, data, sha256: sha256(data) };
}

function other(): Uint8Array {
  return new Uint8Array(32).fill(0x0f);
}

import { COMMITMENT_BYTES, seededRandom, sha256 } from "@chorus/aggregation";
import type { FollowResponse, SubmitUpdateRequest } from "@chorus/proto/v1/participant";
import fc from "fast-check";
import { expect, test } from "vitest";
import { invitation, offer, ROUND_ID, train } from "./testing/tiny-round.ts";
import { readChallenge, readFilePart, readInstruction, submitUpdateRequests } from "./wire.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

const roundId = Buffer.from(ROUND_ID, "hex");
const participantId = "0f".repeat(16);
const [hash, signature] = [new Uint8Array(32), new Uint8Array(64)];
const keys = {
  participantId,
  encryptionKey: hash,
  maskKey: hash,
  selfMaskCommitment: hash,
  graphNonce: hash,
  signature,
};

test("an invitation keeps its plan as text and its hashes as hexadecimal digits", () => {
  expect(readInstruction({ instruction: invitation() })).toMatchObject({
    kind: "invitation",
    roundId: ROUND_ID,
    offer: { roundId: ROUND_ID, round: 1, plan: offer().plan },
  });
});

test("an instruction of a kind that is not known yet is no instruction", () => {
  expect(readInstruction({ instruction: undefined })).toBeUndefined();
});

const malformed: readonly [string, Instruction][] = [
  ["a short plan hash", invitation({ planHash: new Uint8Array(31) })],
  ["a long model hash", train({ modelHash: new Uint8Array(33) })],
  [
    "a short key",
    { $case: "shareKeys", value: { roundId, keyBook: [{ ...keys, maskKey: signature }] } },
  ],
  [
    "an id in capitals",
    { $case: "upload", value: { roundId, sharers: ["AB".repeat(16)], sealedShares: [] } },
  ],
  [
    "a long sealed share",
    {
      $case: "upload",
      value: {
        roundId,
        sharers: [],
        sealedShares: [{ from: participantId, to: participantId, ciphertext: new Uint8Array(81) }],
      },
    },
  ],
  [
    "a short nonce",
    {
      $case: "shareKeys",
      value: { roundId, keyBook: [{ ...keys, graphNonce: new Uint8Array() }] },
    },
  ],
  [
    "no hash of a commitment",
    {
      $case: "confirmSurvivors",
      value: {
        roundId,
        survivors: [
          { participantId, uploadRoot: hash, commitmentHash: new Uint8Array(), signature },
        ],
      },
    },
  ],
  [
    "a short signature",
    {
      $case: "confirmSurvivors",
      value: {
        roundId,
        survivors: [{ participantId, uploadRoot: hash, commitmentHash: hash, signature: hash }],
      },
    },
  ],
  [
    "no signature",
    { $case: "reveal", value: { roundId, acks: [{ participantId, signature: new Uint8Array() }] } },
  ],
  [
    "no new model",
    { $case: "roundEnded", value: { roundId, abandoned: "", modelHash: new Uint8Array() } },
  ],
];

test.each(malformed)(
  "an instruction with %s is malformed and names its round",
  (_, instruction) => {
    expect(readInstruction({ instruction })).toMatchObject({
      kind: "malformed",
      roundId: ROUND_ID,
      error: { code: "protocol" },
    });
  },
);

test("an instruction that does not name its round is refused", () => {
  const nameless = invitation({ roundId: new Uint8Array(16) });
  expect(() => readInstruction({ instruction: nameless })).toThrow(
    "round id has 16 bytes, wanted 32",
  );
  const empty: Instruction = { $case: "train", value: { round: undefined, remainingMs: 1 } };
  expect(() => readInstruction({ instruction: empty })).toThrow("round id has 0 bytes, wanted 32");
});

test("a reason from the coordinator goes to the log with 256 characters at most", () => {
  const value = { roundId, abandoned: "x".repeat(10_000), modelHash: new Uint8Array() };
  const ended = readInstruction({ instruction: { $case: "roundEnded", value } });
  expect(ended).toMatchObject({ abandoned: "x".repeat(256) });
});

test.each([0, 1_048_577])("a chunk of %i bytes is refused", (length) => {
  const chunk = { offset: 0, data: new Uint8Array(length), sha256: hash };
  expect(() => readFilePart({ totalBytes: 2_000_000, chunk })).toThrow(`${length} bytes`);
});

test("a challenge of another length than 32 bytes is not signed", () => {
  const federationId = "00".repeat(32);
  expect(() => readChallenge({ challenge: new Uint8Array(64), federationId })).toThrow("64 bytes");
  expect(() => readChallenge({ challenge: hash, federationId: "00" })).toThrow("federation id");
});

test("an upload's chunks are at most 1 MiB, carry their SHA-256, and are the update in order", () => {
  const chunk = 1_048_576;
  const lengths = fc.constantFrom(1, 4, chunk - 4, chunk, chunk + 4, 2 * chunk, 2 * chunk + 60);
  fc.assert(
    fc.property(lengths, (length) => {
      const bytes = new Uint8Array(length);
      seededRandom(String(length)).fill(bytes);
      const parts = chunksOf(bytes);
      for (const { data, sha256: sum, offset } of parts) {
        expect(data.length).toBeLessThanOrEqual(chunk);
        expect(Buffer.compare(sum, sha256(data))).toBe(0);
        expect(offset % chunk).toBe(0);
      }
      expect(Buffer.compare(Buffer.concat(parts.map(({ data }) => data)), bytes)).toBe(0);
    }),
    { numRuns: 10 },
  );
});

/** The chunks of an upload, after its header. */
function chunksOf(bytes: Uint8Array) {
  const upload = { participantId, uploadRoot: hash, commitmentHash: hash, signature };
  const committed = { upload, commitment: new Uint8Array(COMMITMENT_BYTES) };
  const answer = {
    kind: "submit-update",
    roundId: ROUND_ID,
    configHash: ROUND_ID,
    committed,
    bytes,
  };
  const [header, ...rest]: SubmitUpdateRequest[] = [
    ...submitUpdateRequests({ ...answer, kind: "submit-update" }),
  ];
  expect(header?.part).toMatchObject({ $case: "header", value: { totalBytes: bytes.length } });
  return rest.map(({ part }) => {
    if (part?.$case !== "chunk") throw new Error("an upload has something else than chunks");
    return part.value;
  });
}

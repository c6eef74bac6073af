import type { FollowResponse, Train } from "@chorus/proto/v1/participant";
import { expect, test } from "vitest";
import { invitation, offer, ROUND_ID, train, UNHANDED } from "../testing/tiny-round.ts";
import { readInstruction } from "./instructions.ts";

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
  keyCommitment: new Uint8Array(),
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

const asking = { participantId, identityKey: hash, encryptionKey: hash, signature };
const handover = { ...asking, sealedKey: new Uint8Array(48), totalBytes: 100, sha256: hash };

function training(changes: Partial<Train>): Instruction {
  return { $case: "train", value: { ...UNHANDED, round: offer(), ...changes } };
}

test("an instruction to train has what is handed over, and to whom", () => {
  expect(readInstruction({ instruction: train() })).not.toHaveProperty("handover");
  const instruction = training({ modelRequests: [asking], handover });
  expect(readInstruction({ instruction })).toMatchObject({
    modelRequests: [{ participantId, encryptionKey: hash }],
    handover: { participantId, sealedHash: "00".repeat(32), totalBytes: 100 },
  });
});

test("an advertisement has a commitment to the round's key in an encrypted round alone", () => {
  const read = (keyCommitment: Uint8Array) => {
    const value = { roundId, keyBook: [{ ...keys, keyCommitment }] };
    return readInstruction({ instruction: { $case: "shareKeys", value } });
  };
  expect(read(hash)).toMatchObject({ keyBook: [{ keyCommitment: hash }] });
  expect(read(new Uint8Array())).not.toHaveProperty("keyBook.0.keyCommitment");
  expect(read(new Uint8Array(31))).toMatchObject({ kind: "malformed" });
});

const malformed: readonly [string, Instruction][] = [
  ["a short plan hash", invitation({ planHash: new Uint8Array(31) })],
  ["a short state hash", invitation({ stateHash: new Uint8Array(31) })],
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
    "a request for a model with a short key",
    training({ modelRequests: [{ ...asking, encryptionKey: signature }] }),
  ],
  ["a handover without its key", training({ handover: { ...handover, sealedKey: hash } })],
  ["a handover of nothing", training({ handover: { ...handover, sha256: new Uint8Array() } })],
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
  const empty: Instruction = { $case: "train", value: { ...UNHANDED, round: undefined } };
  expect(() => readInstruction({ instruction: empty })).toThrow("round id has 0 bytes, wanted 32");
});

test("a reason from the coordinator goes to the log with 256 characters at most", () => {
  const value = { roundId, abandoned: "x".repeat(10_000), modelHash: new Uint8Array() };
  const ended = readInstruction({ instruction: { $case: "roundEnded", value } });
  expect(ended).toMatchObject({ abandoned: "x".repeat(256) });
});

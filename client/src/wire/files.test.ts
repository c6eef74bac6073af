import { COMMITMENT_BYTES, seededRandom, sha256 } from "@chorus/aggregation";
import type { SubmitUpdateRequest } from "@chorus/proto/v1/participant";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ROUND_ID } from "../testing/tiny-round.ts";
import { submitUpdateRequests } from "./answers.ts";
import { readChallenge } from "./check-in.ts";
import { readFilePart } from "./files.ts";

const participantId = "0f".repeat(16);
const [hash, signature] = [new Uint8Array(32), new Uint8Array(64)];

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

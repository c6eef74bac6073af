import {
  createIdentity,
  graphNonceCommitment,
  isEncryptedTranscript,
  type MaskedTranscript,
  MaskingError,
} from "@chorus/aggregation";
import * as proto from "@chorus/proto/v1/transcript";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { configFor } from "../testing/masked-round.ts";
import { exchangeAmong } from "../testing/open-exchange.ts";
import { transcriptBytes } from "../testing/published.ts";
import { readTranscript } from "./read-transcript.ts";

const MEMBERS = [1, 2, 3].map((byte) => ({
  identity: createIdentity(new Uint8Array(32).fill(byte)),
  graphNonce: new Uint8Array(32).fill(10 + byte),
}));
const CONFIG = configFor(
  MEMBERS.map(({ identity, graphNonce }) => ({
    identityKey: identity.publicKey,
    graphNonceCommitment: graphNonceCommitment(identity.participantId, graphNonce),
  })),
);
const TRANSCRIPT: MaskedTranscript = exchangeAmong(MEMBERS, CONFIG);
const BYTES = transcriptBytes(TRANSCRIPT);

/** The transcript's message with some of its fields changed. */
function changed(change: (message: proto.RoundTranscript) => Partial<proto.RoundTranscript>) {
  const message = proto.RoundTranscript.decode(BYTES);
  return proto.RoundTranscript.encode({ ...message, ...change(message) }).finish();
}

/** The first of some messages with fields of its own changed. */
function firstChanged<Message>(messages: readonly Message[], change: Partial<Message>): Message[] {
  return messages.map((message, place) => (place === 0 ? { ...message, ...change } : message));
}

const short = (bytes: Uint8Array) => bytes.subarray(1);

test("a transcript that was written is read as it was, into memory of its own, wherever the file lies", () => {
  for (const shift of [0, 1, 2, 3]) {
    const file = Buffer.concat([new Uint8Array(shift), BYTES]).subarray(shift);
    const read = readTranscript(file);
    file.fill(0);
    expect(transcriptBytes(read)).toEqual(BYTES);
    if (isEncryptedTranscript(read)) throw new Error("read another kind of round");
    expect([...read.sum]).toEqual([...TRANSCRIPT.sum]);
  }
});

test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(), "round configuration is not JSON"],
  ["random bytes", Buffer.from("no transcript"), "bytes that are no transcript"],
  ["a configuration that is none", changed(() => ({ roundConfig: "{}" })), "protocol"],
  [
    "a configuration in another order",
    changed(({ roundConfig }) => ({ roundConfig: ` ${roundConfig}` })),
    "not canonical JSON",
  ],
  [
    "a short key",
    changed(({ keyBook }) => ({ keyBook: firstChanged(keyBook, { maskKey: new Uint8Array(31) }) })),
    "mask key has 31 bytes, wanted 32",
  ],
  [
    "a long nonce",
    changed(({ keyBook }) => ({
      keyBook: firstChanged(keyBook, { graphNonce: new Uint8Array(33) }),
    })),
    "graph nonce has 33 bytes, wanted 32",
  ],
  [
    "a survivor without its upload",
    changed(({ survivors }) => ({ survivors: firstChanged(survivors, { upload: undefined }) })),
    "got a survivor without its upload",
  ],
  [
    "a short commitment",
    changed(({ survivors }) => ({
      survivors: firstChanged(survivors, { vectorCommitment: new Uint8Array(16_383) }),
    })),
    "commitment to a vector has 16383 bytes, wanted 16384",
  ],
  [
    "an id in capitals",
    changed(({ acks }) => ({ acks: firstChanged(acks, { participantId: "AB".repeat(16) }) })),
    "participant id is not 32 lowercase hexadecimal digits",
  ],
  [
    "a short signature",
    changed(({ acks }) => ({ acks: firstChanged(acks, { signature: new Uint8Array(63) }) })),
    "signature has 63 bytes, wanted 64",
  ],
  ["a short sum", changed(({ sum }) => ({ sum: short(sum) })), "sum has 91 bytes, wanted 92"],
  [
    "the sum of another model",
    changed(({ sum }) => ({ sum: sum.subarray(4) })),
    "sum has 88 bytes, wanted 92",
  ],
  [
    "too little randomness",
    changed(({ randomness }) => ({ randomness: short(randomness) })),
    "sum of the randomness has 24575 bytes, wanted 24576",
  ],
])("%s instead of a transcript is refused with what was got and wanted", (_, bytes, message) => {
  const refusal = expect.objectContaining({
    code: expect.stringMatching(/^(protocol|bad-config)$/),
  });
  expect(() => readTranscript(bytes)).toThrow(refusal);
  expect(() => readTranscript(bytes)).toThrow(message);
});

test("a transcript with any bytes changed or cut off is read, or refused by name", () => {
  const place = fc.nat(BYTES.length - 1);
  const changes = fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 3 });
  let refused = 0;
  fc.assert(
    fc.property(changes, fc.option(place, { nil: BYTES.length }), (edits, length) => {
      const file = BYTES.slice(0, length);
      for (const [at, byte] of edits) file.fill(byte, at, at + 1);
      try {
        readTranscript(file);
      } catch (error) {
        refused++;
        expect(error instanceof ClientError || error instanceof MaskingError).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
  // Control: it does not just read them all.
  expect(refused).toBeGreaterThan(20);
});

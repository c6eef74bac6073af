import * as proto from "@chorus/proto/v1/transcript";
import { expect, test } from "vitest";
import { formedTranscript } from "../testing/formed-transcript.ts";
import { transcriptBytes } from "../testing/published.ts";
import { readTranscript } from "./read-transcript.ts";

const TRANSCRIPT = formedTranscript(3);
const BYTES = transcriptBytes(TRANSCRIPT);

/** The transcript's message with some of its fields changed. */
function changed(change: (message: proto.RoundTranscript) => Partial<proto.RoundTranscript>) {
  const message = proto.RoundTranscript.decode(BYTES);
  return proto.RoundTranscript.encode({ ...message, ...change(message) }).finish();
}

/** The same with something else in its first report. */
function reporting(change: Partial<proto.RoundTranscript["reports"][number]>) {
  return changed(({ reports: [first, ...rest] }) => {
    if (first === undefined) throw new Error("there are reports");
    return { reports: [{ ...first, ...change }, ...rest] };
  });
}

test("the transcript of an encrypted round that was written is read as it was", () => {
  expect(readTranscript(BYTES)).toEqual(TRANSCRIPT);
  const [first, ...rest] = TRANSCRIPT.reports;
  if (first === undefined) throw new Error("there are reports");
  const stateless = { ...TRANSCRIPT, reports: [{ ...first, stateHash: "" } as const, ...rest] };
  expect(readTranscript(transcriptBytes(stateless))).toEqual(stateless);
});

test.each<[string, Uint8Array, string]>([
  [
    "a short encrypted sum",
    changed(({ encryptedSum }) => ({ encryptedSum: encryptedSum.subarray(1) })),
    "encrypted sum has",
  ],
  [
    "an open sum beside it",
    changed(() => ({ sum: new Uint8Array(92) })),
    "beside an encrypted one",
  ],
  [
    "randomness beside it",
    changed(() => ({ randomness: new Uint8Array(4) })),
    "beside an encrypted one",
  ],
  [
    "a short key commitment",
    changed(({ keyBook }) => ({
      keyBook: keyBook.map((keys) => ({ ...keys, keyCommitment: new Uint8Array(31) })),
    })),
    "key commitment has 31 bytes, wanted 32",
  ],
  ["a report without counts", reporting({ counts: undefined }), "without counts"],
  ["a report of no model", reporting({ modelHash: new Uint8Array() }), "model hash has 0 bytes"],
  [
    "a report of half a state",
    reporting({ stateHash: new Uint8Array(16) }),
    "state hash has 16 bytes",
  ],
  ["an unsigned report", reporting({ signature: new Uint8Array() }), "signature has 0 bytes"],
])("%s is refused with what was got and wanted", (_, bytes, message) => {
  expect(() => readTranscript(bytes)).toThrow(expect.objectContaining({ code: "protocol" }));
  expect(() => readTranscript(bytes)).toThrow(message);
});

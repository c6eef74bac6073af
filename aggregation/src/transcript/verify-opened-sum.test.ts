import { expect, test } from "vitest";
import { encodedLength, heEncodingOf } from "../he/he-encoding.ts";
import type { HeErrorCode } from "../he/he-error.ts";
import { decodeHeSum } from "../he/he-quantiser.ts";
import type { MaskingErrorCode } from "../masking/error.ts";
import { updatesRootOf } from "../masking/survivors.ts";
import { makeEncryptedConfig, playUnsealed } from "../masking/testing/encrypted-round.ts";
import { itemAt, makeIdentities, SCHEME } from "../masking/testing/round.ts";
import type { EncryptedTranscript } from "./transcript.ts";
import { verifyOpenedSum } from "./verify-opened-sum.ts";

const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES);
const CONTENT = encodedLength(heEncodingOf(CONFIG));
const READER = { verifier: SCHEME };

const play = (config = CONFIG) => playUnsealed(config, IDENTITIES, IDS.slice(1), IDS.slice(2));
const { transcript, sums } = play();
const { survivors, acks } = transcript;

function expectRefused(
  code: MaskingErrorCode | HeErrorCode,
  changes: Partial<EncryptedTranscript>,
  opened = sums,
): void {
  expect(() => verifyOpenedSum({ ...transcript, ...changes }, opened, READER)).toThrow(
    expect.objectContaining({ code }),
  );
}

test("what the survivors open gives their mean, their counts and their updates root", () => {
  const uploads = survivors.map(({ upload }) => upload);
  for (const ownAck of [undefined, ...acks]) {
    const reader = ownAck === undefined ? READER : { ...READER, ownAck };
    expect(verifyOpenedSum(transcript, sums, reader)).toEqual({
      ...decodeHeSum(sums, survivors.length, heEncodingOf(CONFIG)),
      updatesRoot: updatesRootOf(uploads),
    });
  }
});

test("a sum that is off by one, anywhere in update, counts and randomness, does not open the commitments", () => {
  const places = [0, CONFIG.dimension - 1, CONTENT - 1, CONTENT, CONTENT + 6_143, sums.length - 1];
  for (const place of places) {
    expectRefused("unopened-sum", {}, sums.with(place, (sums[place] ?? 0) + 1));
  }
});

test("a sum of another length, or with randomness that nobody has, is refused", () => {
  expectRefused("wrong-dimension", {}, sums.subarray(1));
  expectRefused("wrong-dimension", {}, new Uint32Array());
  expectRefused("overflow", {}, sums.with(sums.length - 1, 2 ** 15 - 1));
});

test("a survivor that is left out, or whose commitment was replaced, is found", () => {
  expectRefused("bad-signature", { survivors: survivors.slice(1) });
  const [first, second] = [itemAt(survivors, 0), itemAt(survivors, 1)];
  const replaced = { ...first, commitment: second.commitment };
  expectRefused("wrong-commitment", { survivors: [replaced, ...survivors.slice(1)] });
});

test("who signed another set does not take this round's sum", () => {
  const ownAck = itemAt(play({ ...CONFIG, roundId: "99".repeat(32) }).transcript.acks, 0);
  expect(() => verifyOpenedSum(transcript, sums, { ...READER, ownAck })).toThrow(
    expect.objectContaining({ code: "own-message-altered" }),
  );
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { ChunkAdder } from "./chunk-cipher.ts";
import { CIPHERTEXT_BYTES } from "./ciphertext-form.ts";
import { EncryptedSum } from "./encrypted-sum.ts";
import { valuesPerChunk } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { ParticipantCipher } from "./participant-cipher.ts";
import type { Seal } from "./seal.ts";
import { MaskedCohort } from "./testing/cohort.ts";
import { malformedFrom } from "./testing/malformed.ts";
import { codeOf, seedOf, valuesOf } from "./testing/round.ts";

const PARAMETERS = heParameters(8, 3);
const CHUNKS = 5;
const COUNT = CHUNKS * valuesPerChunk(PARAMETERS);
const MEMBERS = [0, 1];
const COHORT = new MaskedCohort(MEMBERS);

let cipher: ParticipantCipher;
let uploads: readonly Uint8Array[];
beforeAll(async () => {
  cipher = await ParticipantCipher.open(PARAMETERS, seedOf("key"));
  uploads = MEMBERS.map((member) =>
    cipher.encrypt(valuesOf(`${member}`, COUNT, 8), COHORT.masksOf(member)),
  );
});
afterAll(() => cipher[Symbol.dispose]());

function uploadOf(member: number): Uint8Array {
  return uploads[member] ?? new Uint8Array();
}

/** Whether both updates, each once, are all that is in the sum. */
async function isSumOfBoth(sum: EncryptedSum): Promise<boolean> {
  const opened = cipher.openSum(await sum.takeOff(COHORT.leftOver(MEMBERS)), COUNT, 2);
  const [a, b] = MEMBERS.map((member) => valuesOf(`${member}`, COUNT, 8));
  return opened.every((value, i) => value === (a?.[i] ?? 0) + (b?.[i] ?? 0));
}

test("an upload with one bad chunk is refused by that chunk's number before anything of it is added", async () => {
  using sum = await EncryptedSum.open(PARAMETERS, COUNT);
  await sum.add(sum.check(uploadOf(0)));
  const honest = uploadOf(1);
  const place = 3 * CIPHERTEXT_BYTES;
  const chunk = honest.slice(place, place + CIPHERTEXT_BYTES);
  for (const { what, bytes, code } of malformedFrom(chunk, {}, seededRandom("malformed"))) {
    const parts = [honest.subarray(0, place), bytes, honest.subarray(place + CIPHERTEXT_BYTES)];
    const upload = new Uint8Array(Buffer.concat(parts));
    expect(
      codeOf(() => sum.check(upload)),
      what,
    ).toBe(code);
    if (code !== "wrong-length") expect(() => sum.check(upload)).toThrow(/^chunk 3: /);
  }
  expect(sum.check(honest)).toBe(honest);
  await sum.add(sum.check(honest));
  expect(await isSumOfBoth(sum)).toBe(true);
});

test("taking masks off changes nothing: it can be done again", async () => {
  using sum = await EncryptedSum.open(PARAMETERS, COUNT);
  for (const upload of uploads) await sum.add(sum.check(upload));
  const first = await sum.takeOff(COHORT.leftOver(MEMBERS));
  expect(Buffer.compare(first, await sum.takeOff(COHORT.leftOver(MEMBERS)))).toBe(0);
  expect(await isSumOfBoth(sum)).toBe(true);
});

test("masks are not taken off a sum that nothing was added to, and the sum can still be used", async () => {
  using sum = await EncryptedSum.open(PARAMETERS, COUNT);
  const empty = sum.takeOff(COHORT.leftOver(MEMBERS));
  await expect(empty).rejects.toMatchObject({ code: "transparent" });
  for (const upload of uploads) await sum.add(sum.check(upload));
  expect(await isSumOfBoth(sum)).toBe(true);
});

describe("when SEAL fails", () => {
  /** Makes adders whose instance is lost at the given calls, counted over all of them. */
  function failingAt(calls: readonly number[], seals: Seal[]): (seal: Seal) => ChunkAdder {
    let call = 0;
    return (seal) => {
      seals.push(seal);
      const lose = () => {
        if (calls.includes(call++)) seal[Symbol.dispose]();
      };
      return new (class extends ChunkAdder {
        override addTo(sum: Uint32Array, ciphertext: Uint8Array): void {
          lose();
          super.addTo(sum, ciphertext);
        }
        override takeOff(sum: Uint32Array, masks: Uint32Array): void {
          lose();
          super.takeOff(sum, masks);
        }
      })(seal, PARAMETERS);
    };
  }

  test("in the middle of adding and of taking masks off, another instance goes on from there", async () => {
    const seals: Seal[] = [];
    // Each failure repeats a call: adding takes calls 0 to 5 and 6 to 11, taking masks off 12 on.
    const make = failingAt([2, 6, 14], seals);
    using sum = await EncryptedSum.open(PARAMETERS, COUNT, make);
    for (const upload of uploads) await sum.add(sum.check(upload));
    expect(await isSumOfBoth(sum)).toBe(true);
    expect(seals.map((seal) => seal.isLost)).toEqual([true, true, true, false]);
  });

  test("twice at the same chunk, it says so", async () => {
    const make = failingAt([2, 3], []);
    using sum = await EncryptedSum.open(PARAMETERS, COUNT, make);
    await expect(sum.add(sum.check(uploadOf(0)))).rejects.toMatchObject({ code: "instance-lost" });
  });
});

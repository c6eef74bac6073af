import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawCommitmentRandomness, RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import type { MaskSeeds } from "../masking/mask-set.ts";
import { RandomNumbers, seededRandom } from "../random.ts";
import { EncryptedSum } from "./encrypted-sum.ts";
import { encodedLength, type HeEncoding, heValueCount } from "./he-encoding.ts";
import { HeError } from "./he-error.ts";
import { decodeHeSum, encodeHeUpdate } from "./he-quantiser.ts";
import { heParameters } from "./parameters.ts";
import { ParticipantCipher } from "./participant-cipher.ts";
import { readRandomness, writeRandomness } from "./randomness-limbs.ts";
import { MaskedCohort } from "./testing/cohort.ts";
import { seedOf } from "./testing/round.ts";

/** A round's values from updates to their mean, encrypted over masks; who may take part and when is SA-1's. */

const PARAMETERS = heParameters(8, 5);
const DIMENSION = 7000;
const ENCODING: HeEncoding = {
  parameters: PARAMETERS,
  dimension: DIMENSION,
  clippingNorm: 60,
  maxExamples: 100,
  rotationSeed: seedOf("rotation"),
};
const VALUES = heValueCount(PARAMETERS, DIMENSION);
const LENGTH = encodedLength(ENCODING);
const MEMBERS = [0, 1, 2, 3, 4];
const COHORT = new MaskedCohort(MEMBERS);

let cipher: ParticipantCipher;
let uploads: readonly Uint8Array[];
beforeAll(async () => {
  cipher = await ParticipantCipher.open(PARAMETERS, seedOf("the round's key"));
  uploads = MEMBERS.map((member) => cipher.encrypt(valuesOf(member), COHORT.masksOf(member)));
});
afterAll(() => cipher[Symbol.dispose]());

/** Participant i changes parameter i by 30, which nobody else does: who is lost or counted twice is seen. */
function updateOf(member: number): Float32Array {
  const numbers = new RandomNumbers(seededRandom(`update ${member}`));
  const delta = Float32Array.from({ length: DIMENSION }, () => numbers.unit() - 0.5);
  for (const other of MEMBERS) delta[other] = other === member ? 30 : 0;
  return delta;
}

function randomnessOf(member: number): Int32Array {
  return drawCommitmentRandomness(seededRandom(`randomness ${member}`));
}

function valuesOf(member: number): Uint16Array {
  const counts = {
    trainingExamples: 100,
    evaluationExamples: 10,
    evaluationCorrect: member,
    evaluationLossMillis: 70_000,
  };
  const values = new Uint16Array(VALUES);
  const update = { delta: updateOf(member), counts };
  values.set(encodeHeUpdate(update, ENCODING, seededRandom(`rounding ${member}`)));
  writeRandomness(PARAMETERS, values.subarray(LENGTH), randomnessOf(member));
  return values;
}

/** What the coordinator makes of uploads. */
async function summed(senders: readonly number[], masks: MaskSeeds): Promise<Uint8Array> {
  using sum = await EncryptedSum.open(PARAMETERS, VALUES);
  for (const sender of senders) await sum.add(sum.check(uploads[sender] ?? new Uint8Array()));
  return sum.takeOff(masks);
}

describe.each([[MEMBERS], [[0, 2, 3]], [[1, 4]]])("survivors %j", (survivors) => {
  test("their mean and randomness are what participants open, and nobody else's is in them", async () => {
    const encrypted = await summed(survivors, COHORT.leftOver(survivors));
    const sums = cipher.openSum(encrypted, VALUES, survivors.length);
    const { meanDelta, counts } = decodeHeSum(sums, survivors.length, ENCODING);
    const updates = survivors.map(updateOf);
    for (const [i, mean] of meanDelta.entries()) {
      const exact = updates.reduce((total, delta) => total + (delta[i] ?? Number.NaN), 0);
      // A quantum is 4.5 * 60 / sqrt(4096) / 127 = 0.033, and a mean of two is off by 0.01: six deviations.
      expect(Math.abs(mean - exact / survivors.length)).toBeLessThan(0.06);
    }
    expect(MEMBERS.filter((member) => (meanDelta[member] ?? 0) > 1)).toEqual(survivors);
    expect(counts.evaluationLossMillis).toBe(70_000 * survivors.length);
    expect(counts.evaluationCorrect).toBe(survivors.reduce((total, member) => total + member, 0));
    const randomness = survivors.map(randomnessOf);
    expect(readRandomness(PARAMETERS, sums.subarray(LENGTH), survivors.length)).toEqual(
      Int32Array.from({ length: RANDOMNESS_WORDS }, (_, i) =>
        randomness.reduce((total, words) => total + (words[i] ?? Number.NaN), 0),
      ),
    );
  });
});

describe("a sum that is not the survivors'", () => {
  const survivors = [0, 2, 3];
  const { added, subtracted } = COHORT.leftOver(survivors);
  const all = { added, subtracted };

  async function codeOfOpening(
    senders: readonly number[],
    masks: MaskSeeds,
    by = cipher,
  ): Promise<string | undefined> {
    const encrypted = await summed(senders, masks);
    try {
      by.openSum(encrypted, VALUES, survivors.length);
      return undefined;
    } catch (error) {
      return error instanceof HeError ? error.code : String(error);
    }
  }

  test("control: theirs opens", async () => {
    expect(await codeOfOpening(survivors, all)).toBeUndefined();
  });

  test.each([
    ["a self mask is left on it", survivors, { added: added.slice(32), subtracted }],
    ["a dropout's mask is left on it", survivors, { added, subtracted: subtracted.slice(32) }],
    ["a survivor is missing", [0, 2], all],
    ["a survivor is in it twice", [0, 2, 2], all],
    ["a dropout is in it instead of a survivor", [0, 1, 2], all],
    ["a dropout is in it as well", [0, 1, 2, 3], all],
  ])("is found when %s", async (_, senders, masks) => {
    expect(await codeOfOpening(senders, masks)).toBe("wrong-sum");
  });

  test("is found by whoever made another key of what it was shown", async () => {
    using other = await ParticipantCipher.open(PARAMETERS, seedOf("another key"));
    expect(await codeOfOpening(survivors, all, other)).toBe("wrong-sum");
  });
});

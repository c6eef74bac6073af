import { seededRandom } from "@chorus/aggregation";
import {
  EncryptedSum,
  encodeHeUpdate,
  type HeParameters,
  ParticipantCipher,
} from "@chorus/aggregation/he";
import { encodingOf } from "./packed-way.ts";
import { randomSeeds, SYNTHETIC_COUNTS, syntheticDelta } from "./synthetic-delta.ts";

/** What came of adding up as many participants' values as there may be. */
export interface WrongValues {
  readonly participants: number;
  readonly values: number;
  readonly wrong: number;
}

/** Encrypts, adds and opens updates of `dimension` parameters, and counts the sums that are not the integers' sums. */
export async function countWrongValues(
  parameters: HeParameters,
  dimension: number,
): Promise<WrongValues> {
  const { maxParticipants: participants } = parameters;
  const encoding = encodingOf(parameters, dimension);
  using cipher = await ParticipantCipher.open(parameters, randomSeeds(1));
  const updates = Array.from({ length: participants }, (_, index) => {
    const update = { delta: syntheticDelta(`${index}`, dimension), counts: SYNTHETIC_COUNTS };
    return encodeHeUpdate(update, encoding, seededRandom(`rounding ${index}`));
  });
  const values = updates[0]?.length ?? 0;
  using sum = await EncryptedSum.open(parameters, values);
  const exact = new Uint32Array(values);
  for (const update of updates) {
    for (const [i, value] of update.entries()) exact[i] = (exact[i] as number) + value;
    const none = { added: randomSeeds(0), subtracted: randomSeeds(0) };
    await sum.add(sum.check(cipher.encrypt(update, none)));
  }
  const nothing = { added: randomSeeds(0), subtracted: randomSeeds(0) };
  const opened = cipher.openSum(await sum.takeOff(nothing), values, participants);
  return { participants, values, wrong: differences(exact, opened) };
}

/** Places in which two vectors of one length differ. */
export function differences(a: Uint32Array, b: Uint32Array): number {
  return a.reduce((count, value, i) => count + (value === b[i] ? 0 : 1), 0);
}

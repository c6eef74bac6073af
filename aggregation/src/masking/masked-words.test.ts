import { expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import {
  advertise,
  makeConfig,
  makeIdentities,
  share,
  stageOf,
  toolsFor,
} from "./testing/round.ts";
import { chiSquare, chiSquareLimit } from "./testing/statistics.ts";
import { vectorLength } from "./update-vector.ts";

// The histogram of a masked vector's bytes, of each of the four places in a word by itself: a bias in the highest byte alone
// would drown among the others.

const DIMENSION = 60_000;
const IDENTITIES = makeIdentities(3);

/** What hides behind the masks: values around zero, as quantised updates are, whose lower halves are uniform. */
function update(seed: string): Uint32Array {
  const vector = new Uint32Array(vectorLength(DIMENSION));
  const small = new Int16Array(vector.length);
  seededRandom(seed).fill(new Uint8Array(small.buffer));
  vector.set(small);
  return vector;
}

/** One participant's vector as it leaves it, under keys that another round id makes others. */
function maskedUpdate(seed: string, roundId: string): Uint32Array {
  const config = makeConfig(IDENTITIES, { dimension: DIMENSION, roundId });
  const step = share(advertise(config, IDENTITIES));
  const collection = step.server.close();
  const [first = ""] = collection.sharers;
  const sealed = collection.sealedSharesFor(first);
  const vector = update(seed);
  stageOf(step, first).openShares(collection.sharers, sealed).mask(vector, toolsFor(seed));
  return vector;
}

/** The places, 0 the lowest, whose bytes do not look uniform. */
function biasedBytes(words: Uint32Array): number[] {
  const bytes = bytesOfWords(words);
  return [0, 1, 2, 3].filter(
    (place) =>
      chiSquare(
        bytes.filter((_, i) => i % 4 === place),
        256,
      ) > chiSquareLimit(256),
  );
}

test("each byte of masked words is uniform, whatever the masks and the update", () => {
  for (const seed of ["one", "two", "three"]) {
    for (const roundId of ["01".repeat(32), "02".repeat(32)]) {
      expect(biasedBytes(maskedUpdate(seed, roundId))).toEqual([]);
    }
  }
});

/** An update under words of a stream that `spoil` made worse. */
function under(spoil: (word: number) => number): Uint32Array {
  const stream = new Uint32Array(vectorLength(DIMENSION));
  seededRandom("a stream that is spoilt").fill(bytesOfWords(stream));
  const masked = update("one");
  addRing(masked, stream.map(spoil));
  return masked;
}

// Positive controls: what a defect that others had, or could have, does to the histogram.
test("the histogram sees an update without a mask, and masks of 31 bits, of text, or reduced to a range", () => {
  expect(biasedBytes(under((word) => word))).toEqual([]);
  expect(biasedBytes(update("one"))).toEqual([2, 3]);
  expect(biasedBytes(under((word) => word >>> 1))).toEqual([3]);
  expect(biasedBytes(under((word) => word & 0x7f7f7f7f))).toEqual([2, 3]);
  expect(biasedBytes(under((word) => word % 4_000_000_000))).toEqual([3]);
});

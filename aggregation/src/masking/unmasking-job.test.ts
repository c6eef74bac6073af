import fc from "fast-check";
import { expect, test } from "vitest";
import { addRing } from "../vector.ts";
import type { Unmasking } from "./aggregator-unmasking.ts";
import type { RoundConfig } from "./config.ts";
import {
  advertise,
  confirm,
  makeConfig,
  makeIdentities,
  makeVector,
  reveal,
  share,
  upload,
} from "./testing/round.ts";
import { runUnmasking, splitUnmasking, type UnmaskingPart } from "./unmasking-job.ts";
import { contentOf, vectorLength } from "./update-vector.ts";

const IDENTITIES = makeIdentities(5);

/** A round whose first participant is lost after sharing, ready to be unmasked. */
function unmaskable(config: RoundConfig): Unmasking {
  const ids = config.cohort.map(({ participantId }) => participantId);
  const shared = share(advertise(config, IDENTITIES));
  return reveal(confirm(upload(shared, (id) => makeVector(config, id), ids.slice(1))));
}

/** The content of the survivors' plain sum. */
function plainSum(config: RoundConfig): Uint32Array {
  const sum = new Uint32Array(vectorLength(config.dimension));
  for (const { participantId } of config.cohort.slice(1)) {
    addRing(sum, makeVector(config, participantId));
  }
  return contentOf(sum);
}

/** A part as another thread gets it: this thread has nothing of it any more. */
function posted(part: UnmaskingPart): UnmaskingPart {
  const { words, masks } = part;
  const transfer = [words.buffer, masks.added.buffer, masks.subtracted.buffer];
  return structuredClone(part, { transfer });
}

test("the parts of a job, run elsewhere in any order, come to the survivors' sum: sharded is whole", () => {
  const shapes = fc.record({
    dimension: fc.integer({ min: 1, max: 400 }),
    parts: fc.integer({ min: 1, max: 9 }),
    isBackwards: fc.boolean(),
  });
  fc.assert(
    fc.property(shapes, ({ dimension, parts, isBackwards }) => {
      const config = makeConfig(IDENTITIES, { dimension });
      const split = splitUnmasking(unmaskable(config).closeAsJob(), parts).map(posted);
      const sum = new Uint32Array(vectorLength(dimension));
      for (const part of isBackwards ? split.toReversed() : split) {
        runUnmasking(part);
        sum.set(part.words, part.firstWord);
      }
      expect(split).toHaveLength(parts);
      expect(contentOf(sum)).toEqual(plainSum(config));
      expect(sum).toEqual(unmaskable(config).close());
    }),
    { numRuns: 15 },
  );
});

test("parts can be split again", () => {
  const config = makeConfig(IDENTITIES, { dimension: 50 });
  const [, second] = splitUnmasking(unmaskable(config).closeAsJob(), 2);
  if (second === undefined) throw new Error("two parts were asked for");
  const [, last] = splitUnmasking(second, 3);
  if (last === undefined) throw new Error("three parts were asked for");
  runUnmasking(last);
  const { firstWord, words } = last;
  const whole = unmaskable(config).close();
  expect(words).toEqual(whole.subarray(firstWord, firstWord + words.length));
});

test("a job that has run or was split holds no seed any more, and one that was not, does", () => {
  const config = makeConfig(IDENTITIES);
  const job = unmaskable(config).closeAsJob();
  const seeds = ({ masks }: { masks: { added: Uint8Array; subtracted: Uint8Array } }) => [
    ...masks.added,
    ...masks.subtracted,
  ];
  expect(seeds(job).some((byte) => byte !== 0)).toBe(true);
  const [part] = splitUnmasking(job, 1);
  if (part === undefined) throw new Error("one part was asked for");
  expect(seeds(job).every((byte) => byte === 0)).toBe(true);
  expect(seeds(part).some((byte) => byte !== 0)).toBe(true);
  runUnmasking(part);
  expect(seeds(part).every((byte) => byte === 0)).toBe(true);
});

test("a number of parts that is not whole or below one is refused, and the job is left as it was", () => {
  const job = unmaskable(makeConfig(IDENTITIES)).closeAsJob();
  for (const parts of [0, -1, 1.5, Number.NaN]) {
    expect(() => splitUnmasking(job, parts)).toThrow(RangeError);
  }
  runUnmasking(job);
  expect(contentOf(job.words)).toEqual(plainSum(makeConfig(IDENTITIES)));
});

test("a stage that handed out its job hands out nothing else", () => {
  const unmasking = unmaskable(makeConfig(IDENTITIES));
  unmasking.closeAsJob();
  const used = expect.objectContaining({ code: "stage-used" });
  expect(() => unmasking.close()).toThrow(used);
  expect(() => unmasking.closeAsJob()).toThrow(used);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { applyCoefficientMasks } from "../he/coefficient-masks.ts";
import { addCoefficients, reduceCoefficients, subtractCoefficients } from "../he/coefficients.ts";
import { packValues, unpackSums } from "../he/lanes.ts";
import { verifyOpenedSum } from "../transcript/verify-opened-sum.ts";
import type { EncryptedRoundConfig } from "./config.ts";
import { encryptedSumBytes, heConfigFor, heParametersOf, valueCountOf } from "./encryption.ts";
import {
  ciphertextsLike,
  encode,
  makeEncryptedConfig,
  plainSums,
  unitUpdate,
  uploadCiphertexts,
} from "./testing/encrypted-round.ts";
import { advertise, confirm, makeIdentities, reveal, SCHEME, share } from "./testing/round.ts";

/** A cohort's size, how many of it upload and how many of these confirm: a threshold at least. */
const attendance = fc
  .integer({ min: 3, max: 7 })
  .chain((size) => {
    const threshold = makeEncryptedConfig(makeIdentities(size)).threshold;
    const enough = fc.integer({ min: threshold, max: size });
    return fc.record({ size: fc.constant(size), some: enough, others: enough });
  })
  .map(({ size, some, others }) => ({
    size,
    uploading: Math.max(some, others),
    confirming: Math.min(some, others),
  }));

/** What is left of a round's masked sum, under no encryption at all, when the revealed masks are taken off. */
function unmaskedSums(config: EncryptedRoundConfig, uploading: number, confirming: number) {
  const identities = makeIdentities(config.cohort.length);
  const ids = identities.map(({ participantId }) => participantId);
  const parameters = heParametersOf(config);
  const encoded = encode(
    share(advertise(config, identities)),
    (id) => unitUpdate(config.dimension, ids.indexOf(id)),
    ids.slice(-uploading),
  );
  const jobs = [...encoded.stages.values()].map(({ job }) => job);
  const plain = plainSums(
    config,
    jobs.map(({ values }) => values),
  );
  const total = packValues(parameters, new Uint16Array(plain.length)).fill(0);
  for (const { values, masks } of jobs) {
    const packed = packValues(parameters, values);
    applyCoefficientMasks(parameters, packed, masks);
    addCoefficients(total, packed);
  }
  const uploaded = uploadCiphertexts(encoded, (_, id) => ciphertextsLike(config, id));
  const unmasking = reveal(confirm(uploaded, ids.slice(-confirming)));
  const left = new Uint32Array(total.length);
  applyCoefficientMasks(parameters, left, unmasking.closeAsSeeds());
  subtractCoefficients(total, left);
  reduceCoefficients(total, parameters.plainBits);
  return { unmasking, plain, sums: unpackSums(parameters, total, plain.length, uploading) };
}

test("whoever drops out, the revealed masks leave exactly the survivors' values, to which the commitments open", () => {
  fc.assert(
    fc.property(attendance, fc.constantFrom(8, 15, 16), ({ size, uploading, confirming }, bits) => {
      const he = heConfigFor(bits, size, "");
      const config = makeEncryptedConfig(makeIdentities(size), { he, dimension: size + 3 });
      const { unmasking, plain, sums } = unmaskedSums(config, uploading, confirming);
      expect(sums).toEqual(plain);
      expect(sums).toHaveLength(valueCountOf(config));
      const transcript = unmasking.encryptedTranscript(new Uint8Array(encryptedSumBytes(config)));
      const { counts } = verifyOpenedSum(transcript, sums, { verifier: SCHEME });
      expect(counts.trainingExamples).toBe(100 * uploading);
    }),
    { numRuns: 15 },
  );
});

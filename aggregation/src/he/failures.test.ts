import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { ChunkCipher } from "./chunk-cipher.ts";
import { CIPHERTEXT_BYTES, packSum, SUM_BYTES, SUM_WORDS, unpackSum } from "./ciphertext-form.ts";
import { HeKey } from "./key.ts";
import { packValues, unpackSums, valuesPerChunk } from "./lanes.ts";
import { type HeParameters, heParameters, openHeContext } from "./parameters.ts";
import { malformedFrom } from "./testing/malformed.ts";
import { codeOf, TestBench, valuesOf } from "./testing/round.ts";

/** Table 6.1 of our study of node-seal: what SEAL does with it is said beside each. Those of CKKS are in ckks.test.ts. */

const PARAMETERS = heParameters(8, 3);
const COUNT = valuesPerChunk(PARAMETERS);

let bench: TestBench;
let honest: Uint8Array;
/** Things of SEAL's that are no ciphertext of this round. */
let others: Readonly<Record<string, Uint8Array>>;

beforeAll(async () => {
  bench = await TestBench.open(PARAMETERS);
  honest = bench.cipher.encrypt(packValues(PARAMETERS, valuesOf("honest", COUNT, 8)));
  using context = openHeContext(bench.seal, PARAMETERS);
  const secretKey = context.newSecretKey();
  using encryptor = context.openEncryptor(secretKey);
  const seeded = encryptor.run(context.emptyPlaintext(2048));
  others = {
    // Loads as a ciphertext in SEAL: it is one.
    "a public key": context.publicKeyOf(secretKey),
    "a secret key": secretKey,
    "SEAL's own seeded ciphertext": seeded,
    "SEAL's own ciphertext": context.expanded(seeded),
    "a sum": packSum(bench.sumOf([honest])),
  };
});
afterAll(() => bench[Symbol.dispose]());

/** Whether both halves still do what they should. */
function isAlive(): boolean {
  const values = valuesOf("alive", COUNT, 8);
  const opened = bench.opened([bench.cipher.encrypt(packValues(PARAMETERS, values))]);
  return unpackSums(PARAMETERS, opened, COUNT, 1).every((sum, i) => sum === values[i]);
}

function opensAs(sum: Uint32Array, participants: number, cipher = bench.cipher): () => unknown {
  return () => unpackSums(PARAMETERS, cipher.decrypt(packSum(sum)), COUNT, participants);
}

test("300 malformed ciphertexts of every kind are refused with one clear error each; the sum and both halves live on", () => {
  const random = seededRandom("malformed");
  const sum = bench.sumOf([honest]);
  const before = sum.slice();
  for (let count = 0; count < 300; ) {
    for (const { what, bytes, code } of malformedFrom(honest, others, random)) {
      expect(
        codeOf(() => bench.adder.addTo(sum, bytes)),
        what,
      ).toBe(code);
      count += 1;
    }
  }
  bench.adder.check(honest);
  expect(sum).toEqual(before);
  expect(isAlive()).toBe(true);
});

test("sums are checked as ciphertexts are: they come from the coordinator", () => {
  const sum = packSum(bench.sumOf([honest]));
  expect(sum).toHaveLength(SUM_BYTES);
  expect(unpackSum(sum)).toHaveLength(SUM_WORDS);
  const refused = [
    [sum.slice(1), "wrong-length"],
    [honest, "wrong-length"],
    [sum.slice().fill(0, SUM_BYTES / 2), "transparent"],
    [sum.slice().fill(255, 0, 100), "bad-residue"],
    [sum.slice().fill(255, SUM_BYTES / 2), "bad-residue"],
  ] as const;
  for (const [bytes, code] of refused) expect(codeOf(() => bench.cipher.decrypt(bytes))).toBe(code);
  expect(isAlive()).toBe(true);
});

// SEAL: no error, and every coefficient is another.
test("one flipped bit anywhere, seed or residue, is found when the sum is opened", () => {
  for (const place of [0, 63, 64, 5000, CIPHERTEXT_BYTES - 2]) {
    const changed = honest.slice();
    changed[place] = (changed[place] ?? 0) ^ 1;
    const sum = bench.sumOf([honest, changed]);
    expect(codeOf(opensAs(sum, 2)), `byte ${place}`).toBe("wrong-sum");
  }
  expect(codeOf(opensAs(bench.sumOf([honest, honest]), 2))).toBeUndefined();
});

// SEAL: no error.
test("a participant that is missing or counted twice is found", () => {
  expect(codeOf(opensAs(bench.sumOf([honest, honest]), 3))).toBe("wrong-sum");
  expect(codeOf(opensAs(bench.sumOf([honest, honest, honest]), 2))).toBe("wrong-sum");
});

describe("another key", () => {
  let cipher: ChunkCipher;
  beforeAll(() => {
    cipher = new ChunkCipher(bench.seal, HeKey.make(PARAMETERS, seededRandom("another key")));
  });
  afterAll(() => cipher[Symbol.dispose]());

  // SEAL: no error, noise.
  test("opens nothing: that it is the wrong one is found", () => {
    expect(codeOf(opensAs(bench.sumOf([honest]), 1, cipher))).toBe("wrong-sum");
  });

  // SEAL: no error, noise.
  test("does not mix: a sum of ciphertexts of two keys opens with neither", () => {
    const theirs = cipher.encrypt(packValues(PARAMETERS, valuesOf("theirs", COUNT, 8)));
    const sum = bench.sumOf([honest, theirs]);
    for (const one of [bench.cipher, cipher])
      expect(codeOf(opensAs(sum, 2, one))).toBe("wrong-sum");
    expect(codeOf(opensAs(bench.sumOf([theirs]), 1, cipher))).toBeUndefined();
  });

  // SEAL: no error. With one polynomial for both, only the top bit of some lanes would differ.
  test("of other parameters, though from the same seed, opens nothing, and its ciphertexts are found in the sum", () => {
    const wide: HeParameters = heParameters(15, 3);
    using other = new ChunkCipher(
      bench.seal,
      HeKey.make(wide, seededRandom("the federation's key")),
    );
    const foreign = other.encrypt(packValues(wide, valuesOf("wide", 100, 15)));
    expect(codeOf(opensAs(bench.sumOf([honest, foreign]), 2))).toBe("wrong-sum");
    expect(codeOf(opensAs(bench.sumOf([honest]), 1, other))).toBe("wrong-sum");
    expect(isAlive()).toBe(true);
  });
});

test("whoever was disposed of says so, and does no harm to the instance", async () => {
  using other = await TestBench.open(PARAMETERS);
  other.cipher[Symbol.dispose]();
  other.cipher[Symbol.dispose]();
  expect(() => other.cipher.encrypt(packValues(PARAMETERS, new Uint16Array(3)))).toThrow(
    /disposed/,
  );
  expect(other.seal.isLost).toBe(false);
  other.adder.addTo(new Uint32Array(SUM_WORDS), honest);
});

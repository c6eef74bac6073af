import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { ChunkCipher } from "./chunk-cipher.ts";
import { CIPHERTEXT_BYTES, packSum, SUM_BYTES, SUM_WORDS, unpackSum } from "./ciphertext-form.ts";
import { CkksCipher, newCkksKey, SMALL_CKKS } from "./ckks.ts";
import { packValues, unpackSums, valuesPerChunk } from "./lanes.ts";
import { heParameters, openHeContext } from "./parameters.ts";
import { malformedFrom } from "./testing/malformed.ts";
import { codeOf, keyFrom, TestBench, valuesOf } from "./testing/round.ts";

/**
 * Ciphertexts, keys and sums that are not what they should be: each has one clear error, and ends no instance. What SEAL
 * itself does with it is said above each; what it does with numbers is in failing-values.test.ts.
 */

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
  const ckksKey = newCkksKey(bench.seal, SMALL_CKKS);
  const range = { largestValue: 1, participants: 1 };
  using ckks = new CkksCipher(bench.seal, SMALL_CKKS, ckksKey, range);
  others = {
    "a public key": context.publicKeyOf(secretKey),
    "a secret key": secretKey,
    "SEAL's own seeded ciphertext": seeded,
    "SEAL's own ciphertext": context.expanded(seeded),
    "a ciphertext of another context": ckks.encrypt(Float32Array.of(1)),
    "a secret key of another context": ckksKey,
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

/** The code with which bytes are refused as a ciphertext; both halves must live on. */
function codeOfAdding(bytes: Uint8Array): string | undefined {
  const code = codeOf(() => bench.adder.addTo(bench.sumOf([honest]), bytes));
  expect(bench.seal.isLost).toBe(false);
  return code;
}

describe("bytes that are no ciphertext", () => {
  // SEAL 5 and 6: aborted, and the instance dies after forty.
  test.each([0, 1, 64, 5000, CIPHERTEXT_BYTES - 1])("cut off at %i bytes", (length) => {
    expect(codeOfAdding(honest.slice(0, length))).toBe("wrong-length");
  });

  // SEAL: ignored, accepted.
  test("with bytes behind it", () => {
    expect(codeOfAdding(new Uint8Array([...honest, 0]))).toBe("wrong-length");
  });

  // SEAL: a public key loads as a ciphertext; what is of another context is an error, which ends the instance.
  test("a key, public or secret, a ciphertext of SEAL's own or of another context, a sum", () => {
    expect(Object.keys(others)).toHaveLength(7);
    for (const [what, bytes] of Object.entries(others)) {
      expect(codeOfAdding(bytes), what).toBe("wrong-length");
    }
  });

  // SEAL: an error, which ends the instance. Here there is no header, version, size or compression to be wrong.
  test("a header of SEAL's before it, of whatever kind", () => {
    for (const head of [1, 16, 113]) {
      const longer = new Uint8Array([...new Uint8Array(head).fill(1), ...honest]);
      expect(codeOfAdding(longer)).toBe("wrong-length");
      expect(codeOfAdding(longer.slice(0, CIPHERTEXT_BYTES).fill(255, 64))).toBe("bad-residue");
    }
  });

  // SEAL: an error, which ends the instance.
  test("a residue that is not below the modulus", () => {
    expect(codeOfAdding(honest.slice().fill(255, 64, 72))).toBe("bad-residue");
    expect(codeOfAdding(honest.slice().fill(255, CIPHERTEXT_BYTES - 7))).toBe("bad-residue");
  });

  // SEAL: loads, and adds to another as nothing; two of them are an error, which ends the instance.
  test("zeros alone, in the seed, in the residues, or in both, once or twice", () => {
    const zeros = [
      honest.slice().fill(0),
      honest.slice().fill(0, 64),
      honest.slice().fill(0, 0, 64),
    ];
    for (const bytes of zeros) expect(codeOfAdding(bytes)).toBe("transparent");
    const none = new Uint8Array(CIPHERTEXT_BYTES);
    expect(codeOf(() => bench.sumOf([none, none]))).toBe("transparent");
  });

  test("10,000 of all kinds that there are: the sum stays what it was, and both halves live on", () => {
    const random = seededRandom("malformed");
    const sum = bench.sumOf([honest]);
    const before = sum.slice();
    for (let count = 0; count < 10_000; ) {
      for (const { what, bytes, code } of malformedFrom(honest, others, random)) {
        expect(
          codeOf(() => bench.adder.addTo(sum, bytes)),
          what,
        ).toBe(code);
        count += 1;
      }
    }
    expect(sum).toEqual(before);
    expect(isAlive()).toBe(true);
  });
});

describe("sums", () => {
  // They come from the coordinator.
  test("are checked as ciphertexts are", () => {
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
    for (const [bytes, code] of refused)
      expect(codeOf(() => bench.cipher.decrypt(bytes))).toBe(code);
    expect(isAlive()).toBe(true);
  });

  // SEAL: no error, and every coefficient is another.
  test("with one flipped bit of a ciphertext in them, seed or residue, are found when they are opened", () => {
    for (const place of [0, 63, 64, 5000, CIPHERTEXT_BYTES - 2]) {
      const changed = honest.slice();
      changed[place] = (changed[place] ?? 0) ^ 1;
      const sum = bench.sumOf([honest, changed]);
      expect(codeOf(opensAs(sum, 2)), `byte ${place}`).toBe("wrong-sum");
    }
    expect(codeOf(opensAs(bench.sumOf([honest, honest]), 2))).toBeUndefined();
  });

  // SEAL: no error.
  test("with one flipped bit of their own are found", () => {
    const sum = packSum(bench.sumOf([honest]));
    for (const place of [0, 5000, SUM_BYTES / 2, SUM_BYTES - 2]) {
      const changed = sum.slice();
      changed[place] = (changed[place] ?? 0) ^ 1;
      const open = () => unpackSums(PARAMETERS, bench.cipher.decrypt(changed), COUNT, 1);
      expect(codeOf(open), `byte ${place}`).toBe("wrong-sum");
    }
  });

  // SEAL: no error.
  test("in which a participant is missing or counted twice are found", () => {
    expect(codeOf(opensAs(bench.sumOf([honest, honest]), 3))).toBe("wrong-sum");
    expect(codeOf(opensAs(bench.sumOf([honest, honest, honest]), 2))).toBe("wrong-sum");
  });
});

describe("another key", () => {
  let cipher: ChunkCipher;
  beforeAll(() => {
    cipher = new ChunkCipher(bench.seal, keyFrom("another key", PARAMETERS));
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
    const wide = heParameters(15, 3);
    using other = new ChunkCipher(bench.seal, keyFrom("the round's key", wide));
    const foreign = other.encrypt(packValues(wide, valuesOf("wide", 100, 15)));
    expect(codeOf(opensAs(bench.sumOf([honest, foreign]), 2))).toBe("wrong-sum");
    expect(codeOf(opensAs(bench.sumOf([honest]), 1, other))).toBe("wrong-sum");
    expect(isAlive()).toBe(true);
  });
});

// SEAL 7: an error at each use; 6: a second deletion goes unnoticed.
test("what was disposed of, once or twice, says so, and does no harm to the instance", async () => {
  using other = await TestBench.open(PARAMETERS);
  other.cipher[Symbol.dispose]();
  other.cipher[Symbol.dispose]();
  expect(() => other.cipher.encrypt(packValues(PARAMETERS, new Uint16Array(3)))).toThrow(
    /disposed/,
  );
  expect(other.seal.isLost).toBe(false);
  other.adder.addTo(new Uint32Array(SUM_WORDS), honest);
});

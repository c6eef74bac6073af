import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../hex.ts";
import type { RandomSource } from "../random.ts";
import { AgreementKey, hkdf, SharedSecret } from "./key-agreement.ts";
import { combineShares, SecretPolynomial } from "./shamir.ts";
import { combinations } from "./testing/combinations.ts";
import { itemAt } from "./testing/round.ts";

// Source: IETF draft-mcgrew-tss-03, section 9 ("test\0", two of two, GF(2^8) modulo 0x11b), with three zero bytes behind,
// because our secrets are whole words.
const TSS_SECRET = bytesOfHex("7465737400000000");
const TSS_SHARES = ["b9fa07e185000000", "f5409b4511000000"].map(bytesOfHex);

test("the shares of the threshold secret sharing draft rebuild its secret", () => {
  const shares = TSS_SHARES.map((share, i) => ({ index: i + 1, share }));
  expect(combineShares(shares)).toEqual(TSS_SECRET);
});

test("the draft's secret under the draft's polynomial has the draft's shares", () => {
  // f(1) = secret + slope.
  const slope = itemAt(TSS_SHARES, 0).map((byte, i) => byte ^ (TSS_SECRET[i] ?? 0));
  const random: RandomSource = { fill: (bytes) => bytes.set(slope) };
  using polynomial = new SecretPolynomial(TSS_SECRET, 2, random);
  expect([1, 2].map((index) => polynomial.shareAt(index))).toEqual(TSS_SHARES);
});

// Source: BlockchainCommons/bc-shamir-rust, src/lib.rs, test_split_secret_3_5 and test_split_secret_2_7 (as in SLIP-0039:
// GF(2^8) modulo 0x11b, shares at 0, 1, ..., the secret at 255). Moving every coordinate by 255, which in this field is an
// exclusive or, moves the secret to our zero.
const SPLITS = [
  {
    threshold: 3,
    secret: "0ff784df000c4380a5ed683f7e6e3dcf",
    shares: [
      "00112233445566778899aabbccddeeff",
      "d43099fe444807c46921a4f33a2a798b",
      "d9ad4e3bec2e1a7485698823abf05d36",
      "0d8cf5f6ec337bc764d1866b5d07ca42",
      "1aa7fe3199bc5092ef3816b074cabdf2",
    ],
  },
  {
    threshold: 2,
    secret: "204188bfa6b440a1bdfd6753ff55a8241e07af5c5be943db917e3efabc184b1a",
    shares: [
      "2dcd14c2252dc8489af3985030e74d5a48e8eff1478ab86e65b43869bf39d556",
      "a1dfdd798388aada635b9974472b4fc59a32ae520c42c9f6a0af70149b882487",
      "2ee99daf727c0c7773b89a18de64497ff7476dacd1015a45f482a893f7402cef",
      "a2fb5414d4d96ee58a109b3ca9a84be0259d2c0f9ac92bdd3199e0eed3f1dd3e",
      "2b851d188b8f5b3653659cc0f7fa45102dadf04b708767385cd803862fcb3c3f",
      "a797d4a32d2a39a4aacd9de48036478fff77b1e83b4f16a099c34bfb0b7acdee",
      "28a19475dcde9f09ba2e9e881979413592027216e60c8513cdee937c67b2c586",
    ],
  },
];

test.each(SPLITS)("any $threshold of bc-shamir's shares rebuild its secret", (split) => {
  const shares = split.shares.map((share, x) => ({ index: x ^ 255, share: bytesOfHex(share) }));
  for (const chosen of combinations(shares, split.threshold)) {
    expect(hexOf(combineShares(chosen))).toBe(split.secret);
  }
});

// Source: RFC 7748, section 5.2: scalar, u-coordinate, output. The second u has the highest bit set, which is ignored.
const AGREEMENTS = [
  [
    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
  ],
  [
    "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
    "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
    "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
  ],
].map((row) => row.map(bytesOfHex));

test("scalars and coordinates of RFC 7748 agree on its outputs", () => {
  const salt = new Uint8Array(32);
  for (const row of AGREEMENTS) {
    const [scalar, coordinate, output] = [itemAt(row, 0), itemAt(row, 1), itemAt(row, 2)];
    const agreed = new AgreementKey(scalar).agree("peer", coordinate);
    expect(agreed.derive(salt, "x", [])).toEqual(new SharedSecret(output).derive(salt, "x", []));
  }
});

// Source: RFC 5869, appendix A.2: 80 bytes each of secret, salt and info, and an output of several blocks.
test("a long derived output is that of RFC 5869", () => {
  const from = (first: number) => Uint8Array.from({ length: 80 }, (_, i) => first + i);
  expect(hexOf(hkdf(from(0x00), from(0x60), from(0xb0), 82))).toBe(
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  );
});

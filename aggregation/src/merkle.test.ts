import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "./hex.ts";
import { MerkleAccumulator, merkleRoot, UPLOAD_CHUNK_BYTES, uploadRoot } from "./merkle.ts";

// The reference tree of RFC 6962's authors: google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc.
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map(bytesOfHex);
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("roots of 0 to 8 leaves are those of the reference tree", () => {
  for (const [size, wanted] of ROOTS.entries()) {
    expect(hexOf(merkleRoot(LEAVES.slice(0, size)))).toBe(wanted);
  }
});

test("a root does not depend on whether earlier roots were asked for", () => {
  const tree = new MerkleAccumulator();
  for (const [size, leaf] of LEAVES.entries()) {
    expect(hexOf(tree.root())).toBe(ROOTS[size]);
    tree.append(leaf);
  }
});

test("an upload's leaves are its chunks of 1 MiB, the last one shorter", () => {
  const bytes = new Uint8Array(2 * UPLOAD_CHUNK_BYTES + 5).map((_, i) => i % 251);
  const chunks = [0, 1, 2].map((i) =>
    bytes.subarray(i * UPLOAD_CHUNK_BYTES, (i + 1) * UPLOAD_CHUNK_BYTES),
  );
  expect(uploadRoot(bytes)).toEqual(merkleRoot(chunks));
  expect(uploadRoot(new Uint8Array())).toEqual(merkleRoot([]));
});

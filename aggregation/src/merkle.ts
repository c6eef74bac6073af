import { sha256 } from "./hash.ts";

/** Bytes that one leaf of an upload covers: 1 MiB, the largest chunk on the wire. */
export const UPLOAD_CHUNK_BYTES = 1_048_576;

/**
 * The root of a Merkle tree whose leaves come one by one, in O(log leaves) memory.
 * Source: RFC 6962, section 2.1 (SHA-256, leaf prefix 0x00, node prefix 0x01).
 */
export class MerkleAccumulator {
  /** Roots of complete subtrees, largest first: one for each bit that is set in the number of leaves. */
  readonly #complete: Uint8Array[] = [];
  #leaves = 0;

  append(leaf: Uint8Array): void {
    let node = leafHash(leaf);
    for (let rest = this.#leaves; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#complete.pop();
      if (left === undefined) throw new Error("a set bit of the leaf count has no subtree");
      node = nodeHash(left, node);
    }
    this.#complete.push(node);
    this.#leaves += 1;
  }

  /** 32 bytes: the root over the leaves so far; SHA-256 of nothing when there are none. More leaves may follow. */
  root(): Uint8Array {
    if (this.#leaves === 0) return sha256();
    return this.#complete.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** 32 bytes: the root over `leaves`; SHA-256 of nothing when there are none. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Uint8Array {
  const tree = new MerkleAccumulator();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/**
 * The audit path of the leaf at `index`: siblings of 32 bytes, lowest first. Throws RangeError for an index that is not
 * one of `leaves`. Source: RFC 6962, section 2.1.1.
 */
export function merkleProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`leaf ${index} of ${leaves.length} leaves`);
  }
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...merkleProof(left, index), merkleRoot(right)]
    : [...merkleProof(right, index - split), merkleRoot(left)];
}

/** Whether `proof` shows that `leaf` is at `index` of the `size` leaves under `root`. */
export function verifyMerkleProof(
  root: Uint8Array,
  size: number,
  leaf: Uint8Array,
  index: number,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  const computed = rootFrom(leafHash(leaf), size, index, proof);
  return computed !== undefined && Buffer.compare(computed, root) === 0;
}

/** 32 bytes: the root over the 1 MiB chunks of an upload, the last of which may be shorter. */
export function uploadRoot(bytes: Uint8Array): Uint8Array {
  const tree = new MerkleAccumulator();
  for (let offset = 0; offset < bytes.length; offset += UPLOAD_CHUNK_BYTES) {
    tree.append(bytes.subarray(offset, offset + UPLOAD_CHUNK_BYTES));
  }
  return tree.root();
}

/** The root that a path leads to; undefined when the path's length does not fit the tree. */
function rootFrom(
  leaf: Uint8Array,
  size: number,
  index: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  const sibling = proof.at(-1);
  if (size === 1) return sibling === undefined ? leaf : undefined;
  if (sibling === undefined) return undefined;
  const split = splitOf(size);
  const lower = proof.slice(0, -1);
  if (index < split) {
    const left = rootFrom(leaf, split, index, lower);
    return left && nodeHash(left, sibling);
  }
  const right = rootFrom(leaf, size - split, index - split, lower);
  return right && nodeHash(sibling, right);
}

/** The largest power of two below `size`, which is 2 or more. */
function splitOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), leaf);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(1), left, right);
}

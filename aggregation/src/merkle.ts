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

/** 32 bytes: the root over the 1 MiB chunks of an upload, the last of which may be shorter. */
export function uploadRoot(bytes: Uint8Array): Uint8Array {
  const tree = new MerkleAccumulator();
  for (let offset = 0; offset < bytes.length; offset += UPLOAD_CHUNK_BYTES) {
    tree.append(bytes.subarray(offset, offset + UPLOAD_CHUNK_BYTES));
  }
  return tree.root();
}

function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), leaf);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(1), left, right);
}

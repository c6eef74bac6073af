import { sha256Hex } from "../hash.ts";
import type { Hash } from "../masking/messages.ts";
import { MerkleAccumulator, merkleRoot } from "../merkle.ts";
import type { ModelLayout } from "./layout.ts";
import { modelToBytes, requireLength } from "./model-bytes.ts";
import { ModelError } from "./model-error.ts";

/** A float32 tensor with its name: row-major, as many values as the product of its shape. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Values in a chunk of 1 MiB, the unit that can be checked on its own. */
const CHUNK_VALUES = 262_144;
/** FLM1's number for little-endian float32. */
const DTYPE_F32 = 10;

/**
 * The FLM1 hash of a flat model: binds every tensor's name, type, shape and bits.
 * Throws {@link ModelError} `wrong-length` unless `model` is of shape `[parameters]`.
 */
export function modelHash(layout: ModelLayout, model: Float32Array): Hash {
  requireLength(layout, model);
  return tensorsHash(
    layout.tensors.map(({ name, shape, offset, size }) => ({
      name,
      shape,
      values: model.subarray(offset, offset + size),
    })),
  );
}

/**
 * The FLM1 hash of named tensors, whatever order they are given in:
 * SHA-256("FLM1", u32 count, root over the tensors' records by the bytes of their names), all integers little-endian;
 * record = "FLT1", u16 length and UTF-8 bytes of the name (NFC), u8 type, u8 rank, u64 sizes, u64 bytes, root over the
 * tensor's 1 MiB chunks. Roots are those of RFC 6962. Throws {@link ModelError} `wrong-length` where shape and values
 * differ; two tensors of one name are a bug and throw Error.
 */
export function tensorsHash(tensors: readonly NamedTensor[]): Hash {
  const named = tensors.map((tensor) => ({
    name: Buffer.from(tensor.name.normalize("NFC"), "utf8"),
    tensor,
  }));
  if (new Set(named.map(({ name }) => name.toString("hex"))).size !== named.length)
    throw new Error("two tensors have the same name");
  named.sort((a, b) => Buffer.compare(a.name, b.name));
  const records = named.map(({ name, tensor }) => record(name, tensor));
  return sha256Hex("FLM1", unsigned(records.length, 4), merkleRoot(records));
}

function record(name: Uint8Array, { shape, values }: NamedTensor): Uint8Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if (values.length !== size)
    throw new ModelError("wrong-length", `tensor has ${values.length} values, wanted ${size}`);
  return Buffer.concat([
    Buffer.from("FLT1"),
    unsigned(name.length, 2),
    name,
    Uint8Array.of(DTYPE_F32, shape.length),
    ...shape.map((length) => unsigned(length, 8)),
    unsigned(values.byteLength, 8),
    chunksRoot(values),
  ]);
}

function chunksRoot(values: Float32Array): Uint8Array {
  const tree = new MerkleAccumulator();
  for (let offset = 0; offset < values.length; offset += CHUNK_VALUES)
    tree.append(modelToBytes(values.subarray(offset, offset + CHUNK_VALUES)));
  return tree.root();
}

/** A little-endian unsigned integer of `length` bytes. */
function unsigned(value: number, length: 2 | 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  if (bytes.subarray(length).some((byte) => byte !== 0))
    throw new RangeError(`${value} does not fit ${length} bytes`);
  return bytes.subarray(0, length);
}

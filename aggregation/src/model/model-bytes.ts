import { bytesOfWords, firstNonFinite, wordsOfBytes } from "../vector.ts";
import type { ModelLayout } from "./layout.ts";
import { ModelError } from "./model-error.ts";

/** Bytes of one parameter: little-endian IEEE 754 float32. */
const BYTES = 4;

/**
 * A flat vector's little-endian bytes: a view, not a copy, and what model blobs hold. A big-endian machine is refused
 * with an Error, as everywhere.
 */
export function modelToBytes(model: Float32Array): Uint8Array {
  return bytesOfWords(new Uint32Array(model.buffer, model.byteOffset, model.length));
}

/**
 * The flat model of a blob, a copy. Throws {@link ModelError}: `wrong-length` unless it is four bytes for each of the
 * layout's parameters, `non-finite` naming the tensor and the index in it.
 */
export function modelFromBytes(layout: ModelLayout, bytes: Uint8Array): Float32Array {
  const wanted = layout.parameters * BYTES;
  if (bytes.length !== wanted)
    throw new ModelError("wrong-length", `model has ${bytes.length} bytes, wanted ${wanted}`);
  const model = new Float32Array(wordsOfBytes(bytes).slice().buffer);
  requireModel(layout, model);
  return model;
}

/**
 * A vector of `length` float32 from its little-endian bytes, a copy. `what` it is, for the message. Throws
 * {@link ModelError}: `wrong-length`, and `non-finite` naming the first index whose value is NaN or infinite.
 */
export function vectorFromBytes(bytes: Uint8Array, length: number, what: string): Float32Array {
  const wanted = length * BYTES;
  if (bytes.length !== wanted)
    throw new ModelError("wrong-length", `${what} has ${bytes.length} bytes, wanted ${wanted}`);
  const vector = new Float32Array(wordsOfBytes(bytes).slice().buffer);
  const index = firstNonFinite(vector);
  if (index < 0) return vector;
  const message = `${what}[${index}] is ${vector[index]}, wanted a finite number`;
  throw new ModelError("non-finite", message);
}

/**
 * Checks a flat model, shape `[parameters]`. Throws {@link ModelError}: `wrong-length`, and `non-finite` naming the tensor
 * and the index in it of the first value that is NaN or infinite.
 */
export function requireModel(layout: ModelLayout, model: Float32Array): void {
  requireLength(layout, model);
  const index = firstNonFinite(model);
  if (index < 0) return;
  const tensor = layout.tensors.findLast(({ offset }) => offset <= index);
  const place =
    tensor === undefined ? `model[${index}]` : `${tensor.name}[${index - tensor.offset}]`;
  throw new ModelError("non-finite", `${place} is ${model[index]}, wanted a finite number`);
}

/** Throws {@link ModelError} `wrong-length` unless a vector is of shape `[parameters]`. */
export function requireLength(layout: ModelLayout, model: Float32Array): void {
  if (model.length !== layout.parameters)
    throw new ModelError(
      "wrong-length",
      `model has ${model.length} values, wanted ${layout.parameters}`,
    );
}

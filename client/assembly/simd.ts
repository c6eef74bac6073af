/** Four float32 values at a time. Addresses and strides in this folder are in bytes unless a name says otherwise. */

/** Bytes of a float32 value. */
export const FLOAT: usize = 4;

/** Bytes of a vector of four. */
export const VECTOR: usize = 16;

/** a * b + c: in one rounding where the module is built with relaxed SIMD and the processor can, else in two. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Copies float32 values; `target` and `source` do not overlap. */
export function copy(target: usize, source: usize, bytes: usize): void {
  const end = target + bytes;
  for (; target + VECTOR <= end; target += VECTOR, source += VECTOR) {
    v128.store(target, v128.load(source));
  }
  for (; target < end; target += FLOAT, source += FLOAT) store<f32>(target, load<f32>(source));
}

/** Sets float32 values to 0. */
export function clear(target: usize, bytes: usize): void {
  memory.fill(target, 0, bytes);
}

/** target += addend. */
export function add(target: usize, addend: usize, bytes: usize): void {
  const end = target + bytes;
  for (; target + VECTOR <= end; target += VECTOR, addend += VECTOR) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(addend)));
  }
  for (; target < end; target += FLOAT, addend += FLOAT) {
    store<f32>(target, load<f32>(target) + load<f32>(addend));
  }
}

/** target += factor * addend. */
export function addMultiple(target: usize, addend: usize, bytes: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = target + bytes;
  for (; target + VECTOR <= end; target += VECTOR, addend += VECTOR) {
    v128.store(target, multiplyAdd(factors, v128.load(addend), v128.load(target)));
  }
  for (; target < end; target += FLOAT, addend += FLOAT) {
    store<f32>(target, load<f32>(target) + factor * load<f32>(addend));
  }
}

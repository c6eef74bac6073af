import { type TensorInfo, Tile, util } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { KernelSession } from "./kernel-session.ts";
import { attributesOf, type KernelCall, type TrainingKernelTable } from "./training-kernel.ts";

/** Repetition: the backend's own copies value by value, and takes milliseconds for the weights of layer normalisation. */
export const TILE_KERNELS: TrainingKernelTable = { [Tile]: tile };

function tile(session: KernelSession, call: KernelCall): TensorInfo {
  const { x } = call.inputs;
  if (x === undefined) throw new Error(`${Tile} is called without x`);
  const { dtype, shape } = x;
  if (dtype !== "float32" && dtype !== "int32") {
    throw new ClientError("unsupported-layer", `${Tile} has x of type ${dtype}, wanted numbers`);
  }
  const { reps } = attributesOf<{ reps: readonly number[] }>(call);
  const out = session.output(
    shape.map((length, axis) => length * (reps[axis] ?? 1)),
    dtype,
  );
  const values = session.words(out);
  values.set(session.words(x));
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [length, count] = [shape[axis] ?? 1, reps[axis] ?? 1];
    const outer = util.sizeFromShape(shape.slice(0, axis));
    if (count > 1) repeatBlocks(values, outer, length * inner, count);
    inner *= length * count;
  }
  return out;
}

/**
 * Repeats each of the first `blocks` blocks of `size` values `count` times, in place: the last one first, so that no block
 * is written over that is still wanted.
 */
function repeatBlocks(values: Uint32Array, blocks: number, size: number, count: number): void {
  for (let block = blocks - 1; block >= 0; block--) {
    const [source, target] = [block * size, block * size * count];
    if (size === 1) {
      values.fill(values[source] ?? 0, target, target + count);
      continue;
    }
    for (let copy = count - 1; copy >= 0; copy--) {
      values.copyWithin(target + copy * size, source, source + size);
    }
  }
}

import {
  _FusedMatMul,
  BatchMatMul,
  broadcast_util,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import { fuseBias } from "./fused.ts";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  floatInput,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";

/** Products of matrices, in every orientation, also many at once. */
export const PRODUCT_KERNELS: TrainingKernelTable = {
  [BatchMatMul]: (session, call) => multiply(session, operandsOf(BatchMatMul, call), 0, false),
  [_FusedMatMul]: (session, call) => {
    const operands = operandsOf(_FusedMatMul, call);
    return fuseBias(session, _FusedMatMul, call, operands.columns, (bias, isRelu) =>
      multiply(session, operands, bias, isRelu),
    );
  },
};

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Sizes of one product. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function operandsOf(kernelName: string, call: KernelCall): Operands {
  const a = floatInput(kernelName, call, "a");
  const b = floatInput(kernelName, call, "b");
  const { transposeA, transposeB } =
    attributesOf<Pick<Operands, "transposeA" | "transposeB">>(call);
  const [aHeight = 1, aWidth = 1] = a.shape.slice(-2);
  const [bHeight = 1, bWidth = 1] = b.shape.slice(-2);
  const [rows, depth] = transposeA ? [aWidth, aHeight] : [aHeight, aWidth];
  const columns = transposeB ? bHeight : bWidth;
  if (depth === 0) {
    throw new ClientError("unsupported-layer", `${kernelName} sums over nothing, wanted a value`);
  }
  return { a, b, transposeA, transposeB, rows, columns, depth };
}

function multiply(
  session: KernelSession,
  operands: Operands,
  bias: number,
  isRelu: boolean,
): TensorInfo {
  const { a, b, transposeA, rows, columns } = operands;
  const batch = broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  const out = session.output([...batch, rows, columns]);
  const target = session.address(out);
  const count = util.sizeFromShape(batch);
  const isOneRight = util.sizeFromShape(b.shape.slice(0, -2)) === 1;
  if (count === 1 || (isOneRight && !transposeA)) {
    // Many left matrices below each other are one.
    multiplyOne(session, { ...operands, rows: rows * count }, [0, 0], target, bias, isRelu);
    return out;
  }
  const aPlaces = places(a.shape, batch);
  const bPlaces = places(b.shape, batch);
  for (let index = 0; index < count; index++) {
    const pair: [number, number] = [aPlaces[index] ?? 0, bPlaces[index] ?? 0];
    multiplyOne(session, operands, pair, target + 4 * index * rows * columns, bias, isRelu);
  }
  return out;
}

/** The product of the matrices at two places of the batches. */
function multiplyOne(
  session: KernelSession,
  operands: Operands,
  [aPlace, bPlace]: readonly [number, number],
  target: number,
  bias: number,
  isRelu: boolean,
): void {
  const { a, b, transposeA, transposeB, rows, columns, depth } = operands;
  session.kernels.gemm(
    rows,
    columns,
    depth,
    session.address(a) + 4 * aPlace * rows * depth,
    transposeA ? 1 : depth,
    transposeA ? rows : 1,
    session.address(b) + 4 * bPlace * depth * columns,
    transposeB ? 1 : columns,
    transposeB ? depth : 1,
    target,
    columns,
    false,
    bias,
    isRelu,
    session.workspace(session.kernels.gemmWorkspace(columns)),
  );
}

/** For each matrix of a batch which one of an operand it is made from, where sizes of 1 are repeated. */
function places(shape: readonly number[], batch: readonly number[]): number[] {
  const own = shape.slice(0, -2);
  const missing = batch.length - own.length;
  let result = [0];
  for (const [axis, length] of batch.entries()) {
    const size = axis < missing ? 1 : (own[axis - missing] ?? 1);
    const steps = Array.from({ length }, (_, index) => (size === 1 ? 0 : index));
    result = result.flatMap((place) => steps.map((step) => place * size + step));
  }
  return result;
}

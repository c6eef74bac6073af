import { type TensorInfo, UnsortedSegmentSum, util } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  floatInput,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";

/** Sums by segment: the gradient of gather, hence of embeddings. The backend has none. */
export const SEGMENT_KERNELS: TrainingKernelTable = { [UnsortedSegmentSum]: segmentSum };

function segmentSum(session: KernelSession, call: KernelCall): TensorInfo {
  const x = floatInput(UnsortedSegmentSum, call, "x");
  const { segmentIds } = call.inputs;
  if (segmentIds?.dtype !== "int32") {
    throw new ClientError(
      "unsupported-layer",
      `${UnsortedSegmentSum} has ids of type ${segmentIds?.dtype}, wanted int32`,
    );
  }
  const { numSegments } = attributesOf<{ numSegments: number }>(call);
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const out = session.output([numSegments, ...rowShape]);
  session.kernels.segmentSum(
    session.address(x),
    session.address(segmentIds),
    session.address(out),
    util.sizeFromShape(segmentIds.shape),
    4 * util.sizeFromShape(rowShape),
    numSegments,
  );
  return out;
}

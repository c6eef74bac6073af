/** Values of all layers together that an evaluated batch may have: 16 MB. */
const EVALUATION_VALUES = 4_000_000;

/**
 * Examples to evaluate at a time: enough to keep the kernels busy, few enough for the memory; never fewer than are trained on, which
 * takes more memory. `values`: of one example, its own and those of all layers.
 */
export function evaluationBatchOf(values: number, batchSize: number): number {
  return Math.max(batchSize, Math.min(256, Math.floor(EVALUATION_VALUES / values)));
}

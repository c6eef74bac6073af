import { type OpenKernels, openFastKernels, runUnmasking, systemRandom } from "@chorus/aggregation";

// A process of its own: what others have left behind would hide what masking takes.
const [parameters, masks] = process.argv.slice(2).map(Number) as [number, number];
const words = new Uint32Array(parameters).fill(1);
let peakBytes = 0;

/** Kernels that look at the process's memory with every block. */
const watchedKernels: OpenKernels = () => {
  const kernels = openFastKernels();
  return {
    accumulate(block, terms) {
      kernels.accumulate(block, terms);
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    },
    quantise: (...operands) => kernels.quantise(...operands),
    [Symbol.dispose]: () => kernels[Symbol.dispose](),
  };
};

/** Takes masks off the vector, as many as there are seeds. */
function apply(count: number): void {
  const added = new Uint8Array(32 * count);
  systemRandom.fill(added);
  const job = { firstWord: 0, words, masks: { added, subtracted: new Uint8Array() } };
  runUnmasking(job, watchedKernels);
}

apply(2);
const firstBytes = process.memoryUsage.rss();
peakBytes = firstBytes;
apply(masks);
process.stdout.write(String(peakBytes - firstBytes));

/** A program that measures our kernel for products of matrices, 480 x 480 x 480, and writes GFLOP/s in JSON. */
import { chooseKernelBuild, openTrainingKernels } from "../../kernels/training-kernels.ts";
import { stepMs } from "./step-costs.ts";

const SIZE = 480;

async function gigaflops(): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 128 });
  const build = chooseKernelBuild();
  const kernels = openTrainingKernels(memory, build);
  const bytes = 4 * SIZE * SIZE;
  const [left, right, target, workspace] = [64, 64 + bytes, 64 + 2 * bytes, 64 + 3 * bytes];
  new Float32Array(memory.buffer, left, 2 * SIZE * SIZE).fill(0.5);
  const multiply = () => {
    const factors = [left, SIZE, 1, right, SIZE, 1] as const;
    kernels.gemm(SIZE, SIZE, SIZE, ...factors, target, SIZE, false, 0, false, workspace);
  };
  const ms = await stepMs((steps) => {
    for (let step = 0; step < steps; step++) multiply();
  });
  return (2 * SIZE ** 3) / ms / 1e6;
}

process.stdout.write(JSON.stringify(await gigaflops()));

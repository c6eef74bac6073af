import {
  encodeUpdate,
  type OpenKernels,
  openFastKernels,
  openPlainKernels,
  runUnmasking,
  systemRandom,
} from "@chorus/aggregation";
import type { SideBySide } from "../masking.ts";
import { CpuMeter, median } from "./cpu-meter.ts";
import { syntheticRound, syntheticUpdate } from "./synthetic-round.ts";

/** What a core does in a CPU second. */
export interface KernelSpeed {
  /** 1e9 bytes of mask, expanded and added. */
  readonly maskGigabytes: number;
  /** 1e6 parameters, clipped and rounded, random bits included. */
  readonly quantisedMillions: number;
}

const PARAMETERS = 1_000_000;
const MASKS = 16;

/** Medians of `repetitions` (an odd number), with the plain and the fast kernels taking turns. */
export function benchKernels(repetitions: number): SideBySide<KernelSpeed> {
  const plain: KernelSpeed[] = [];
  const fast: KernelSpeed[] = [];
  for (let i = 0; i < repetitions; i++) {
    plain.push(kernelSpeed(openPlainKernels));
    fast.push(kernelSpeed(openFastKernels));
  }
  return { plain: medians(plain), fast: medians(fast) };
}

function kernelSpeed(openKernels: OpenKernels): KernelSpeed {
  const { config } = syntheticRound(4, PARAMETERS);
  const update = syntheticUpdate(config, "kernels");
  const rounding = new CpuMeter();
  const words = rounding.measure(() => encodeUpdate(update, config, systemRandom, openKernels));
  const seeds = new Uint8Array(32 * MASKS);
  systemRandom.fill(seeds);
  const job = { firstWord: 0, words, masks: { added: seeds, subtracted: new Uint8Array() } };
  const masking = new CpuMeter();
  masking.measure(() => runUnmasking(job, openKernels));
  return {
    maskGigabytes: (4 * MASKS * words.length) / masking.seconds / 1e9,
    quantisedMillions: PARAMETERS / rounding.seconds / 1e6,
  };
}

function medians(speeds: readonly KernelSpeed[]): KernelSpeed {
  return {
    maskGigabytes: median(speeds.map(({ maskGigabytes }) => maskGigabytes)),
    quantisedMillions: median(speeds.map(({ quantisedMillions }) => quantisedMillions)),
  };
}

import { cpuMs, median } from "./cpu-time.ts";
import type { Part, PartCosts } from "./results.ts";

/** Blocks of steps that are measured: their median is what counts, as others use the machine. */
const BLOCKS = 11;

/** What one block takes, about: far above what the clock of CPU time can tell. */
const BLOCK_MS = 120;

/** CPU milliseconds of a step of which `run` does as many in a row as it is told. Runs some before, so that all is compiled. */
export async function stepMs(run: (steps: number) => Promise<void> | void): Promise<number> {
  await run(2);
  const few = await msOf(run, 3);
  const steps = Math.min(200, Math.max(1, Math.round(BLOCK_MS / few)));
  await run(6 * steps);
  const blocks: number[] = [];
  for (let block = 0; block < BLOCKS; block++) blocks.push(await msOf(run, steps));
  return median(blocks);
}

/** CPU milliseconds of each of some steps. */
async function msOf(run: (steps: number) => Promise<void> | void, steps: number): Promise<number> {
  const before = cpuMs();
  await run(steps);
  return (cpuMs() - before) / steps;
}

/** Takes the time that parts of a step take. */
export class PartMeter {
  readonly #steps: PartCosts[] = [];
  #step = { data: 0, forward: 0, backward: 0, optimizer: 0 };

  /** Does a part of the step, without the parts that are measured while it lasts. */
  measure<T>(part: Part, work: () => T): T {
    const before = cpuMs();
    const measuredBefore = this.#measuredMs;
    const result = work();
    this.#step[part] += cpuMs() - before - (this.#measuredMs - measuredBefore);
    return result;
  }

  endStep(): void {
    this.#steps.push(this.#step);
    this.#step = { data: 0, forward: 0, backward: 0, optimizer: 0 };
  }

  /** The parts' medians over all steps. */
  get costs(): PartCosts {
    const of = (part: Part) => median(this.#steps.map((step) => step[part]));
    return {
      data: of("data"),
      forward: of("forward"),
      backward: of("backward"),
      optimizer: of("optimizer"),
    };
  }

  get #measuredMs(): number {
    const { data, forward, backward, optimizer } = this.#step;
    return data + forward + backward + optimizer;
  }
}

/** Steps that are taken to pieces: a second of them, 1000 at most. */
export function pieces(totalMs: number): number {
  return Math.min(1000, Math.max(5, Math.round(1000 / totalMs)));
}

/** CPU milliseconds of one step of training, user and system, of the whole process. */
export interface StepCosts {
  readonly totalMs: number;
  /** By part, measured on their own, where the way of training has such parts. */
  readonly parts?: PartCosts;
}

/** Choosing and copying a batch; the loss; its gradient; moving the weights. */
export type Part = "data" | "forward" | "backward" | "optimizer";

export type PartCosts = Readonly<Record<Part, number>>;

/** Blocks of steps that are measured: their median is what counts, as others use the machine. */
const BLOCKS = 15;

/** CPU milliseconds of a step of which `run` does `steps` in a row. Runs more before that, so that all is compiled. */
export async function stepMs(
  run: (steps: number) => Promise<void> | void,
  steps: number,
): Promise<number> {
  await run(2 * steps);
  const blocks: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const before = cpuMs();
    await run(steps);
    blocks.push((cpuMs() - before) / steps);
  }
  return median(blocks);
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

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

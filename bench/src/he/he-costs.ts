import { CpuMeter, median } from "../masking/cpu-meter.ts";

/** Parameters of the model that everything is measured with. */
export const PARAMETERS = 1_000_000;

/** Other participants that one shares a mask with. */
export const PEERS = 10;

/**
 * What a participant does with an update, what the coordinator does with it and, once a round, with the sum, and what
 * whoever may then does with that.
 */
export const STEPS = ["quantise", "mask", "encrypt", "add", "takeOff", "open", "decode"] as const;

export type Step = (typeof STEPS)[number];

/** CPU seconds for {@link PARAMETERS} parameters, by step; 0 for steps that a way does not have. */
export type StepSeconds = Readonly<Record<Step, number>>;

/** A way of adding updates up. */
export interface Way {
  readonly name: string;
  /** Goes once through all steps with one participant's update of {@link PARAMETERS} parameters. */
  measure(): Promise<StepSeconds>;
  /** Bytes that a participant sends, and that it is sent of the sum, for each parameter. */
  readonly sentBytes: number;
  readonly sumBytes: number;
}

/** What a way costs: the middle one of several measurements of each step. */
export interface HeCosts extends Pick<Way, "name" | "sentBytes" | "sumBytes"> {
  readonly seconds: StepSeconds;
}

/** Measures all ways in turns, `repetitions` times (an odd number), after one turn that does not count. */
export async function measureWays(ways: readonly Way[], repetitions: number): Promise<HeCosts[]> {
  const measured = new Map<Way, StepSeconds[]>(ways.map((way) => [way, []]));
  for (let turn = 0; turn <= repetitions; turn++) {
    for (const [way, turns] of measured) turns.push(await way.measure());
  }
  return ways.map((way) => {
    const { name, sentBytes, sumBytes } = way;
    const counting = (measured.get(way) ?? []).slice(1);
    const of = (step: Step) => median(counting.map((seconds) => seconds[step]));
    return { name, sentBytes, sumBytes, seconds: byStep(of) };
  });
}

/** A meter for each step. */
export class StepMeters {
  readonly #meters = byStep(() => new CpuMeter());

  measure<T>(step: Step, work: () => T): T {
    return this.#meters[step].measure(work);
  }

  /** See {@link CpuMeter.measureAsync}. */
  measureAsync<T>(step: Step, work: () => Promise<T>): Promise<T> {
    return this.#meters[step].measureAsync(work);
  }

  get seconds(): StepSeconds {
    return byStep((step) => this.#meters[step].seconds);
  }
}

function byStep<T>(of: (step: Step) => T): Record<Step, T> {
  return {
    quantise: of("quantise"),
    mask: of("mask"),
    encrypt: of("encrypt"),
    add: of("add"),
    takeOff: of("takeOff"),
    open: of("open"),
    decode: of("decode"),
  };
}

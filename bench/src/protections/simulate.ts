import {
  applyOuterStep,
  initialModel,
  layoutOf,
  type Plan,
  seededRandom,
  type Update,
} from "@chorus/aggregation";
import {
  datasetOf,
  demoSettings,
  participantNames,
  partitionDigits,
  readDigits,
  TestMeter,
} from "@chorus/cli";
import { createTrainer, type Trainer } from "@chorus/client";
import type { Protection } from "./protections.ts";

/** How well a federation's models do after each of its rounds. */
export interface SimulatedRun {
  readonly protection: string;
  /** The plan's. */
  readonly seed: number;
  /** Share of the 10,000 test digits that each round's model knows, the initial one first. Shape `[rounds + 1]`. */
  readonly accuracies: readonly number[];
  /** L2 norm of the longest update of each round: longer than the clipping norm, and it is scaled down. */
  readonly largestNorms: readonly number[];
}

/** The demo's digits, in the hands of its participants. */
export class Digits implements Disposable {
  readonly #plan: Plan;
  readonly #sites: ReadonlyMap<string, Trainer>;
  readonly #meter: TestMeter;

  private constructor(plan: Plan, sites: ReadonlyMap<string, Trainer>, meter: TestMeter) {
    this.#plan = plan;
    this.#sites = sites;
    this.#meter = meter;
  }

  /** Splits the digits as the demo does with this plan. Throws RangeError for a plan that is not about digits. */
  static async open(plan: Plan, signal: AbortSignal): Promise<Digits> {
    if (plan.data.format !== "idx") throw new RangeError("the plan is not about digits");
    const { scale } = plan.data;
    const { train, test } = await readDigits();
    using opened = new DisposableStack();
    const meter = opened.use(await TestMeter.open(plan, test, scale, signal));
    const sites = new Map<string, Trainer>();
    for (const [place, indices] of partitionDigits(train, plan.seed, demoSettings).entries()) {
      const dataset = datasetOf(train, scale, indices);
      const trainer = await createTrainer({ plan, dataset, selfTest: place === 0 }, signal);
      sites.set(participantNames[place] ?? `${place}`, opened.use(trainer));
    }
    opened.move();
    return new Digits(plan, sites, meter);
  }

  /**
   * Runs the plan in this process: real training, real encoding, no network and no dropouts. Batches and rounding repeat; the
   * batches are the same whatever the protection.
   */
  async simulate(protection: Protection, signal: AbortSignal): Promise<SimulatedRun> {
    const { model, strategy, rounds, seed } = this.#plan;
    let outer: ReturnType<typeof applyOuterStep> = {
      model: initialModel(layoutOf(model), seed),
      state: undefined,
    };
    const accuracies = [await this.#meter.accuracy(outer.model, signal)];
    const largestNorms: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const updates = await this.#train(outer.model, round, signal);
      largestNorms.push(Math.max(...updates.map(({ delta }) => Math.hypot(...delta))));
      const random = seededRandom(`chorus/bench/rounding/${seed}/${round}`);
      const meanDelta = protection.meanOf(updates, round, random);
      outer = applyOuterStep(strategy, { ...outer, meanDelta });
      accuracies.push(await this.#meter.accuracy(outer.model, signal));
    }
    return { protection: protection.name, seed, accuracies, largestNorms };
  }

  [Symbol.dispose](): void {
    for (const trainer of this.#sites.values()) trainer[Symbol.dispose]();
    this.#meter[Symbol.dispose]();
  }

  async #train(model: Float32Array, round: number, signal: AbortSignal): Promise<Update[]> {
    const updates: Update[] = [];
    for (const [name, trainer] of this.#sites) {
      const seed = `chorus/bench/batches/${this.#plan.seed}/${round}/${name}`;
      const { delta, examples } = await trainer.train(model, seed, signal);
      updates.push({ delta, counts: { ...noEvaluation, trainingExamples: examples } });
    }
    return updates;
  }
}

const noEvaluation = { evaluationExamples: 0, evaluationCorrect: 0, evaluationLossMillis: 0 };

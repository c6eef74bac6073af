import {
  COMMITMENT_BYTES,
  contentOf,
  decodeSum,
  encodeUpdate,
  runUnmasking,
  systemRandom,
  vectorLength,
} from "@chorus/aggregation";
import { FedAvg } from "../masking/fed-avg.ts";
import { syntheticRound } from "../masking/synthetic-round.ts";
import { PARAMETERS, PEERS, StepMeters, type StepSeconds, type Way } from "./he-costs.ts";
import { randomSeeds, SYNTHETIC_COUNTS, syntheticDelta } from "./synthetic-delta.ts";

/** Masking as in SA-1. The coordinator takes self masks off the sum, and decodes it. */
export class MaskingWay implements Way {
  readonly name = "masking (SA-1)";
  readonly sentBytes: number = (4 * vectorLength(PARAMETERS) + COMMITMENT_BYTES) / PARAMETERS;
  readonly sumBytes = 4;
  readonly #config = syntheticRound(PEERS, PARAMETERS).config;

  async measure(): Promise<StepSeconds> {
    const meters = new StepMeters();
    const update = { delta: syntheticDelta("update", PARAMETERS), counts: SYNTHETIC_COUNTS };
    const vector = meters.measure("quantise", () =>
      encodeUpdate(update, this.#config, systemRandom),
    );
    const words = contentOf(vector);
    const sum = new Uint32Array(words.length);
    const job = (added: number, subtracted: number) => ({
      firstWord: 0,
      words,
      masks: { added: randomSeeds(added), subtracted: randomSeeds(subtracted) },
    });
    const plain = words.slice();
    meters.measure("mask", () => runUnmasking(job(PEERS / 2, PEERS / 2)));
    meters.measure("add", () => addWords(sum, words));
    meters.measure("takeOff", () => runUnmasking(job(0, PEERS)));
    meters.measure("decode", () => decodeSum(plain, 1, this.#config));
    return meters.seconds;
  }
}

/** Updates in the clear. */
export class FloatWay implements Way {
  readonly name = "plain float32";
  readonly sentBytes = 4;
  readonly sumBytes = 4;

  async measure(): Promise<StepSeconds> {
    const meters = new StepMeters();
    const delta = syntheticDelta("update", PARAMETERS);
    const average = new FedAvg(PARAMETERS);
    meters.measure("add", () => average.add(delta, SYNTHETIC_COUNTS.trainingExamples));
    meters.measure("decode", () => average.mean());
    return meters.seconds;
  }
}

function addWords(sum: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (words[i] as number);
}

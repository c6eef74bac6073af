import { setTimeout } from "node:timers/promises";
import { systemRandom } from "@chorus/aggregation";
import { type ParticipantOptions, runParticipant } from "@chorus/client";
import { childLog, childOptions, parentSignal } from "./child-side.ts";
import { UnitTrainer } from "./unit-trainer.ts";

/** What a participant in a process of its own is started with. */
export interface ParticipantProcessOptions extends ParticipantOptions {
  /** Place of its unit trainer; TensorFlow.js trains without it. */
  readonly place?: number;
}

/** After which sentence of its log the process ends itself with SIGKILL. */
export interface FatalSentence {
  readonly fatalSentence: string;
}

const { place, ...options } = childOptions<ParticipantProcessOptions>();
let fatal: string | undefined;
const log = childLog((sentence) => {
  if (sentence === fatal) process.kill(process.pid, "SIGKILL");
});
process.on("message", ({ fatalSentence }: FatalSentence) => {
  fatal = fatalSentence;
  log.info({ fatalSentence }, "armed");
});

await runParticipant(
  options,
  {
    log,
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
    random: systemRandom,
    ...(place === undefined ? {} : { createTrainer: async () => new UnitTrainer(place) }),
  },
  parentSignal(),
);

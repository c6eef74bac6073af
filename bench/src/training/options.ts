import { parseArgs } from "node:util";
import type { TargetName } from "./accuracy-targets.ts";
import { MODELS, type ModelName } from "./programs.ts";

export const trainingUsage: string = `Measures how fast a site trains, prints tables and writes runs/bench-training.json.

Usage: npm run bench -- training [--model NAME ...] [--repetitions N] [--strict]
       npm run bench -- training --soak [--steps N]
       npm run bench -- accuracy [--model mlp|lenet]

  --model        what to train, one or several of ${MODELS.join(", ")}; all unless told otherwise
  --repetitions  how often each is measured, an odd number; 3 unless told otherwise
  --strict       exit code 1 where a target of speed was missed: for a machine that does nothing else
  --soak         whether training keeps memory: an MLP, and LeNet-5 with dropout by Adam with a proximal term, through operations
                 and through the static plan; some ten minutes
  --steps        steps of the soak; 10000 unless told otherwise
  --help         this text

accuracy: what one core learns of MNIST, an MLP in 5 epochs and LeNet-5 in 4; some minutes.
All of these stop after an hour, with what was measured until then.
Exit codes: 0 measured, 1 could not, memory was kept, an accuracy was missed, or a target with --strict, 2 wrong usage.
`;

/** What of training to measure. */
export type TrainingTask =
  | SpeedTask
  | { readonly kind: "soak"; readonly steps: number }
  | { readonly kind: "accuracy"; readonly targets: readonly TargetName[] }
  | { readonly kind: "help" };

/** What of speed to measure. */
export interface SpeedTask {
  readonly kind: "speed";
  readonly models: readonly ModelName[];
  readonly repetitions: number;
  /** Whether a missed target is a failure. */
  readonly isStrict: boolean;
}

const TARGET_NAMES: readonly TargetName[] = ["mlp", "lenet"];

/** What the arguments, the first one "training" or "accuracy", ask for. Throws an Error for what makes no sense. */
export function trainingTask([command, ...args]: readonly string[]): TrainingTask {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: "string", multiple: true },
      repetitions: { type: "string", default: "3" },
      strict: { type: "boolean", default: false },
      soak: { type: "boolean", default: false },
      steps: { type: "string", default: "10000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  if (command === "accuracy") {
    return { kind: "accuracy", targets: namesIn(values.model, TARGET_NAMES) };
  }
  if (values.soak) return { kind: "soak", steps: countIn("--steps", values.steps) };
  const repetitions = countIn("--repetitions", values.repetitions);
  if (repetitions % 2 === 0)
    throw new Error(`got --repetitions ${repetitions}, wanted an odd number`);
  const models = namesIn(values.model, MODELS);
  return { kind: "speed", models, repetitions, isStrict: values.strict };
}

/** Those of the known names that were asked for: all of them where none was. */
function namesIn<T extends string>(asked: readonly string[] | undefined, known: readonly T[]): T[] {
  const unknown = asked?.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw new Error(`got --model ${unknown}, wanted ${known.join(", ")}`);
  return known.filter((name) => asked === undefined || asked.includes(name));
}

function countIn(option: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new Error(`got ${option} ${text}, wanted a whole number above 0`);
}

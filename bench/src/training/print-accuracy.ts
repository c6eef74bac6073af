import type { learnDigits } from "./accuracy.ts";
import { TARGETS, type TargetName } from "./accuracy-targets.ts";

/** What trains, and who is told. */
export interface AccuracyTools {
  line(text: string): void;
  readonly learnDigits: typeof learnDigits;
}

/** Trains each target's model and prints what each epoch knows. Returns the exit code: 1 where one knows less than it should. */
export async function printAccuracy(
  targets: readonly TargetName[],
  { line, learnDigits }: AccuracyTools,
  signal: AbortSignal,
): Promise<0 | 1> {
  let missed = 0;
  for (const name of targets) {
    const target = TARGETS[name];
    let reached = 0;
    for await (const { epoch, accuracy, meanLoss, cpuSeconds } of learnDigits(target, signal)) {
      reached = accuracy;
      const percent = (100 * accuracy).toFixed(2);
      const [loss, seconds] = [meanLoss.toFixed(4), cpuSeconds.toFixed(1)];
      line(`${name}, epoch ${epoch}: ${percent} %, mean loss ${loss}, ${seconds} s of CPU so far`);
    }
    const holds = reached >= target.wanted;
    line(`${name}: wanted ${100 * target.wanted} %, ${holds ? "reached" : "MISSED"}`);
    missed += holds ? 0 : 1;
  }
  return missed === 0 ? 0 : 1;
}

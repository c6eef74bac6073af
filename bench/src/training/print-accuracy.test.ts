import { expect, test } from "vitest";
import type { AccuracyTarget } from "./accuracy.ts";
import { TARGETS } from "./accuracy-targets.ts";
import { printAccuracy } from "./print-accuracy.ts";

/** Learning that knows these shares of the digits after its epochs, whichever model it is, and what is printed. */
function toolsReaching(shares: ReadonlyMap<AccuracyTarget, readonly number[]>) {
  const printed: string[] = [];
  const learnDigits = async function* (target: AccuracyTarget) {
    for (const [index, accuracy] of (shares.get(target) ?? []).entries()) {
      yield { epoch: index + 1, accuracy, meanLoss: 0.1, cpuSeconds: 1 };
    }
  };
  return { tools: { line: (text: string) => void printed.push(text), learnDigits }, printed };
}

const { signal } = new AbortController();

test.each([
  ["exactly what is wanted", [0.98], [0.99], 0, ["reached", "reached"]],
  ["less in the first model", [0.9799], [0.99], 1, ["MISSED", "reached"]],
  ["less in the second model", [0.98], [0.9899], 1, ["reached", "MISSED"]],
  ["less in the last epoch", [0.99, 0.97], [0.99], 1, ["MISSED", "reached"]],
  ["nothing", [], [], 1, ["MISSED", "MISSED"]],
])("models that know %s: exit code and verdicts", async (_, mlp, lenet, code, verdicts) => {
  const shares = new Map([
    [TARGETS.mlp, mlp],
    [TARGETS.lenet, lenet],
  ]);
  const { tools, printed } = toolsReaching(shares);
  expect(await printAccuracy(["mlp", "lenet"], tools, signal)).toBe(code);
  const said = printed.filter((text) => text.includes("wanted"));
  expect(said.map((text) => text.split(", ").at(-1))).toEqual(verdicts);
});

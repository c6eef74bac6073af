import { expect, test } from "vitest";
import type { ModelCosts } from "./bench-training.ts";
import { COSTS, withCosts } from "./costs.test-support.ts";
import { printSpeed } from "./print-speed.ts";

const TASK = { kind: "speed", models: ["mlp"], repetitions: 1, isStrict: false } as const;

/** What is printed and kept where measuring gives these costs, and then the signal's reason if it is aborted. */
function toolsFor(models: readonly ModelCosts[], signal: AbortSignal) {
  const [printed, kept]: [string[], object[]] = [[], []];
  const tools = {
    line: (text = "") => void printed.push(text),
    progress: () => undefined,
    save: async (results: object) => {
      kept.push(results);
      return "results.json";
    },
    measureProducts: async () => COSTS.products,
    measureBlas: async () => COSTS.blas,
    benchTraining: async function* () {
      yield* models;
      signal.throwIfAborted();
    },
  };
  return { tools, printed, kept };
}

const { signal } = new AbortController();
const slow = withCosts("mlp", { "operation-steps": { totalMs: 4 } }).models;

test("speeds are printed with their targets and kept, and without OpenBLAS all others are", async () => {
  const { tools, printed, kept } = toolsFor(COSTS.models, signal);
  expect(await printSpeed({ ...TASK, isStrict: true }, tools, signal)).toBe(0);
  const text = printed.join("\n");
  expect(text).toContain("~ extrapolated from steps on fewer examples");
  expect(text).toContain("OpenBLAS not measured: this machine has no Python 3");
  expect(text.match(/ at (least|most) .* (met|not measured) *$/gm)).toHaveLength(4);
  expect(kept).toEqual([expect.objectContaining({ ...COSTS, targets: expect.any(Array) })]);
});

test("a missed target is printed, and a failure where the task is strict", async () => {
  const { tools, printed } = toolsFor(slow, signal);
  expect(await printSpeed(TASK, tools, signal)).toBe(0);
  expect(printed.join("\n")).toMatch(/operations: .* 3\.8 +MISSED/);
  expect(await printSpeed({ ...TASK, isStrict: true }, tools, signal)).toBe(1);
});

test("what was measured before the time was up is printed and kept, and the run fails", async () => {
  const reason = new Error("time is up");
  const aborted = AbortSignal.abort(reason);
  const { tools, printed, kept } = toolsFor(COSTS.models.slice(0, 1), aborted);
  await expect(printSpeed(TASK, tools, aborted)).rejects.toBe(reason);
  expect(printed.join("\n")).toContain("MLP 784-200-10");
  expect(kept).toMatchObject([{ models: [{ model: "mlp" }] }]);
});

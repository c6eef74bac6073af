import { expect, test } from "vitest";
import type { TrainingCosts } from "./bench-training.ts";
import { impossibleLines, limitTable, partTable, stepTable } from "./training-table.ts";

const PARTS = { data: 0.1, forward: 2, backward: 3.5, optimizer: 0.25 };

const COSTS: TrainingCosts = {
  models: [
    {
      model: "lenet",
      costs: {
        "reference-steps": { totalMs: 2480 },
        "stock-fit": { impossible: "no kernel" },
        "operation-steps": { totalMs: 8, parts: PARTS },
        "static-steps": { totalMs: 4, megaflops: 72, parts: PARTS },
      },
    },
    {
      model: "lstm",
      costs: {
        "reference-steps": { totalMs: 900 },
        "stock-fit": { totalMs: 30 },
        "operation-steps": { totalMs: 20 },
        "static-steps": { impossible: "layer 1 (LSTM) has no static plan" },
      },
    },
  ],
  products: 48,
  blas: undefined,
};

/** A table's lines, with one space between words. */
function linesOf(table: string): string[] {
  return table.split("\n").map((line) => line.replace(/ +/g, " "));
}

test("each model is compared by its fastest way that trains it", () => {
  expect(linesOf(stepTable(COSTS)).slice(2)).toEqual([
    "LeNet-5 2480 - 8.00 4.00 620.0x -",
    "LSTM 900 30.00 20.00 - 45.0x 1.5x",
  ]);
});

test("why a way does not train a model is said", () => {
  expect(impossibleLines(COSTS)).toEqual([
    "LeNet-5, stock wasm, model.fit: no kernel",
    "LSTM, static plan: layer 1 (LSTM) has no static plan",
  ]);
});

test("parts have a line for each way that has them", () => {
  expect(linesOf(partTable(COSTS)).slice(2)).toEqual([
    "LeNet-5 operations, our kernels 0.100 2.000 3.500 0.250",
    "LeNet-5 static plan 0.100 2.000 3.500 0.250",
  ]);
});

test("a static plan is compared with its products alone: 72 MFLOP at 48 GFLOP/s are 1.5 ms", () => {
  expect(linesOf(limitTable(COSTS)).slice(2)).toEqual(["LeNet-5 0.072 1.50 2.7x not present"]);
  expect(linesOf(limitTable({ ...COSTS, blas: 90 })).slice(2)).toEqual([
    "LeNet-5 0.072 1.50 2.7x 0.80 5.0x",
  ]);
});

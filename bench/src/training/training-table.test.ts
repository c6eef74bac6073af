import { expect, test } from "vitest";
import { COSTS } from "./costs.test-support.ts";
import { impossibleLines, limitTable, partTable, stepTable } from "./training-table.ts";

/** A table's lines, with one space between words. */
function linesOf(table: string): string[] {
  return table.split("\n").map((line) => line.replace(/ +/g, " "));
}

test("each model is compared by its fastest way that trains it, and what is extrapolated is marked", () => {
  expect(linesOf(stepTable(COSTS)).slice(2)).toEqual([
    "MLP 784-200-10 50.00 15.00 3.00 1.00 50.0x 15.0x",
    "LeNet-5 2480 - 8.00 4.00 620.0x -",
    "McMahan's CNN ~60000 - 100 50.00 ~1200.0x -",
    "LSTM 900 30.00 20.00 - 45.0x 1.5x",
  ]);
});

test("why a way does not train a model is said", () => {
  expect(impossibleLines(COSTS)).toEqual([
    "LeNet-5, stock wasm, model.fit: no kernel",
    "McMahan's CNN, stock wasm, model.fit: no kernel",
    "LSTM, static plan: layer 1 (LSTM) has no static plan",
  ]);
});

test("parts have a line for each way that has them, which adds up to the total", () => {
  const lines = linesOf(partTable(COSTS));
  expect(lines[0]).toMatch(/ data forward backward optimizer other total$/);
  expect(lines.slice(2)).toEqual([
    "LeNet-5 operations, our kernels 0.100 2.000 3.500 0.250 2.150 8.000",
    "LeNet-5 static plan 0.100 0.500 3.250 0.250 -0.100 4.000",
  ]);
});

test("a static plan is compared with its products alone: 72 MFLOP at 48 GFLOP/s are 1.5 ms", () => {
  const lenet = (costs: typeof COSTS) => linesOf(limitTable(costs))[3];
  expect(lenet(COSTS)).toBe("LeNet-5 0.072 1.50 2.7x not measured");
  const blas = { gigaflops: 90 };
  expect(lenet({ ...COSTS, blas })).toBe("LeNet-5 0.072 1.50 2.7x 0.80 5.0x");
});

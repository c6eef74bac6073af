import { formatTable } from "@chorus/cli";
import { PARTS, type TrainingCosts, WAYS, type Way } from "./bench-training.ts";

const TITLES: Readonly<Record<Way, string>> = {
  "stock-fit": "TensorFlow.js' own WASM backend, model.fit",
  "operation-steps": "its operations on our kernels",
  "static-steps": "static plan on our kernels",
};

/** Ways of training as rows: CPU milliseconds a step, by part, and how many times less than model.fit. */
export function trainingTable({ costs, speedUps }: TrainingCosts): string {
  const columns = ["ms a step", "times faster", ...PARTS];
  const rows = WAYS.map((way) => [
    TITLES[way],
    costs[way].totalMs.toFixed(2),
    `${speedUps[way].toFixed(1)}x`,
    ...PARTS.map((part) => costs[way].parts?.[part].toFixed(3) ?? ""),
  ]);
  return formatTable(
    [{ title: "way" }, ...columns.map((title) => ({ title, align: "right" as const }))],
    rows,
  );
}

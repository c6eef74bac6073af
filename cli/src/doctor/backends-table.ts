import { type Column, formatTable } from "../terminal/table.ts";
import type { BackendReport, TrainingReport } from "./backends.ts";

const columns: readonly Column[] = [
  { title: "backend" },
  { title: "ms a step", align: "right" },
  { title: "matmul 512", align: "right" },
  { title: "1024 GFLOP/s", align: "right" },
  { title: "conv ms", align: "right" },
  { title: "gradient off by", align: "right" },
  { title: "tensors leaked", align: "right" },
  { title: "device" },
];

/** The backends of a machine as a table, and why each of them does or does not train. */
export function formatTraining({ plan, chosen, passedOver, backends }: TrainingReport): string {
  const measured = backends.filter((report) => !("absent" in report));
  const table = measured.length === 0 ? [] : [formatTable(columns, measured.map(rowOf)), ""];
  const trains = chosen === undefined ? [] : [`${chosen} would train ${plan}.`];
  const others = Object.entries(passedOver).map(([backend, why]) => `${backend} would not: ${why}`);
  return [...table, ...trains, ...others].join("\n");
}

function rowOf(report: BackendReport): readonly string[] {
  if ("absent" in report) return [report.backend];
  const speeds = [512, 1024].map((wanted) =>
    report.products.find(({ size }) => size === wanted)?.gflops.toFixed(1),
  );
  return [
    report.backend,
    report.stepMs.toFixed(2),
    ...speeds.map((speed) => speed ?? "-"),
    report.convolutionMs.toFixed(1),
    report.relativeError.toExponential(1),
    `${report.leak.tensors} in ${report.leak.steps}`,
    report.device,
  ];
}

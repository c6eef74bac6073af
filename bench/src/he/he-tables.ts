import { formatTable } from "@chorus/cli";
import type { Budgeted } from "../masking/budgets.ts";
import type { MeanError } from "./accuracy.ts";
import { type HeCosts, PEERS, STEPS, type Step } from "./he-costs.ts";
import type { WrongValues } from "./wrong-values.ts";

const TITLES: Readonly<Record<Step, string>> = {
  quantise: "rotate, quantise",
  mask: `${PEERS} masks`,
  encrypt: "encrypt",
  add: "coordinator adds",
  takeOff: "takes masks off",
  open: "open the sum",
  decode: "decode it",
};

/** The most that 8-bit values may cost: CPU seconds for 1,000,000 parameters, and bytes for one. */
const BUDGETS = { participant: 0.35, coordinator: 0.045, open: 0.15, bytes: 2.75 } as const;

const right = (title: string) => ({ title, align: "right" as const });

/** Ways as rows: CPU milliseconds by step, and bytes. */
export function heTable(costs: readonly HeCosts[]): string {
  const columns = [...STEPS.map((step) => TITLES[step]), "bytes sent", "bytes of the sum"];
  const rows = costs.map(({ name, seconds, sentBytes, sumBytes }) => [
    name,
    ...STEPS.map((step) => (seconds[step] === 0 ? "" : (1000 * seconds[step]).toFixed(1))),
    sentBytes.toFixed(2),
    sumBytes.toFixed(2),
  ]);
  return formatTable([{ title: "way" }, ...columns.map(right)], rows);
}

/** How far means are off, as shares of their norm. */
export function accuracyTable(errors: readonly MeanError[]): string {
  const rows = errors.map(({ participants, normToClip, bits8, bits15, bits16, float32 }) => [
    `${participants} participants, updates of ${normToClip} times the clip`,
    ...[bits8, bits15, bits16, float32].map((error) => error?.toExponential(1) ?? ""),
  ]);
  return formatTable(
    [{ title: "error of the mean" }, ...["8 bits", "15 bits", "16 bits", "float32"].map(right)],
    rows,
  );
}

/** What ours with 8 bits costs against what we said that it may. */
export function againstHeBudgets(ours: HeCosts, wrong: readonly WrongValues[]): Budgeted[] {
  const { quantise, encrypt, add, open, decode } = ours.seconds;
  const most = (what: string, budget: number, measured: number): Budgeted => ({
    what,
    budget,
    measured,
    holds: measured <= budget,
  });
  return [
    most("participant, without masks", BUDGETS.participant, quantise + encrypt),
    most("coordinator, for each participant", BUDGETS.coordinator, add),
    most("opening the sum", BUDGETS.open, open),
    most("opening and decoding it", BUDGETS.open, open + decode),
    most("bytes sent for a parameter", BUDGETS.bytes, ours.sentBytes),
    ...wrong.map(({ participants, values, wrong: count }) =>
      most(`wrong values of ${values}, ${participants} participants`, 0, count),
    ),
  ];
}

import { formatTable } from "@chorus/cli";
import type { MaskingCosts } from "../masking.ts";
import type { KernelSpeed } from "./kernel-speed.ts";

/** A figure that we set ourselves, and what came out. */
export interface Budgeted {
  readonly what: string;
  /** The most, or for a speed the least. */
  readonly budget: number;
  readonly measured: number;
  readonly holds: boolean;
}

/** CPU seconds of a round of 1,000,000 parameters, at most. */
const ROUND_BUDGETS = [
  { participants: 10, dropouts: 3, participant: 0.08, coordinator: 0.12 },
  { participants: 100, dropouts: 0, participant: 0.5, coordinator: 0.7 },
  { participants: 100, dropouts: 10, participant: 0.5, coordinator: 5 },
  { participants: 100, dropouts: 30, participant: 0.5, coordinator: 11 },
] as const;

/** Gigabytes of mask that a core expands and adds in a second, at least. */
const MASK_GIGABYTES = 1.3;

/** What was measured against the budgets that there are for it. */
export function againstBudgets(rounds: readonly MaskingCosts[], kernels: KernelSpeed): Budgeted[] {
  const speed = kernels.maskGigabytes;
  return [
    ...rounds.flatMap(roundAgainstBudgets),
    {
      what: "GB of mask expanded and added, at least",
      budget: MASK_GIGABYTES,
      measured: speed,
      holds: speed >= MASK_GIGABYTES,
    },
  ];
}

/** A row for each budget. */
export function budgetTable(budgeted: readonly Budgeted[]): string {
  const rows = budgeted.map(({ what, budget, measured, holds }) => [
    what,
    String(budget),
    measured.toFixed(3),
    holds ? "holds" : "MISSED",
  ]);
  const columns = [
    { title: "CPU seconds, at most" },
    { title: "budget", align: "right" as const },
    { title: "measured", align: "right" as const },
    { title: "" },
  ];
  return formatTable(columns, rows);
}

function roundAgainstBudgets(costs: MaskingCosts): Budgeted[] {
  const { participants, dropouts } = costs;
  const found = ROUND_BUDGETS.find(
    (budget) => budget.participants === participants && budget.dropouts === dropouts,
  );
  if (found === undefined) return [];
  const round = `${participants} participants, ${dropouts} lost`;
  const most = (who: "participant" | "coordinator", measured: number): Budgeted => ({
    what: `${round}: ${who}`,
    budget: found[who],
    measured,
    holds: measured <= found[who],
  });
  return [
    most("participant", costs.participantCpuSeconds),
    most("coordinator", costs.coordinatorCpuSeconds),
  ];
}

import { PlanError } from "../../plan/plan-error.ts";

/** How a window goes over rows or columns, as {@link windowCount} wants it. */
export interface WindowWalk {
  readonly size: number;
  readonly stride: number;
  /** "same" pads until every stride begins a window, "valid" not at all. */
  readonly padding: "valid" | "same";
}

/** Values of padding that the windows of "same" lie on, before and after together. */
export function paddingOf(length: number, { size, stride, padding }: WindowWalk): number {
  if (padding === "valid") return 0;
  const last = (Math.ceil(length / stride) - 1) * stride;
  return Math.max(last + size - length, 0);
}

/** Number of windows over `length` values. Throws {@link PlanError} `bad-plan` where not even one fits. */
export function windowCount(
  length: number,
  { size, stride, padding }: WindowWalk,
  path: string,
): number {
  if (padding === "same") return Math.ceil(length / stride);
  if (length >= size) return Math.floor((length - size) / stride) + 1;
  throw new PlanError(
    "bad-plan",
    path,
    `got a window of ${size} over ${length} values, wanted at most as many`,
  );
}

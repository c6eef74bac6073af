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

/** A window of so many values may be larger than what it goes over: 3 over one pixel ends many a deep network. */
const ANYWHERE = 8;

/**
 * Throws {@link PlanError} `bad-plan` for a window more than twice as large as the values that it goes over with padding
 * on both sides: it would see nothing but padding beyond them, which backends walk over value by value.
 */
export function requireBounded(size: number, length: number, path: string): void {
  const largest = Math.max(2 * length, ANYWHERE);
  if (size <= largest) return;
  throw new PlanError(
    "bad-plan",
    path,
    `got a window of ${size} over ${length} values with padding, wanted at most ${largest}`,
  );
}

/**
 * Number of windows over `length` values. Throws {@link PlanError} `bad-plan` where not even one fits, or as
 * {@link requireBounded} does.
 */
export function windowCount(
  length: number,
  { size, stride, padding }: WindowWalk,
  path: string,
): number {
  if (padding === "same") {
    requireBounded(size, length, path);
    return Math.ceil(length / stride);
  }
  if (length >= size) return Math.floor((length - size) / stride) + 1;
  throw new PlanError(
    "bad-plan",
    path,
    `got a window of ${size} over ${length} values, wanted at most as many`,
  );
}

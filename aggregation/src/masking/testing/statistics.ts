/** For tests: Pearson's chi-square of `values` against a uniform law over 0 to `cells` - 1. */
export function chiSquare(values: Iterable<number>, cells: number): number {
  const counts = new Float64Array(cells);
  let total = 0;
  for (const value of values) {
    counts[value] = (counts[value] ?? Number.NaN) + 1;
    total += 1;
  }
  const expected = total / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** What {@link chiSquare} of uniform values stays below: mean plus five standard deviations, cells - 1 degrees of freedom. */
export function chiSquareLimit(cells: number): number {
  const degrees = cells - 1;
  return degrees + 5 * Math.sqrt(2 * degrees);
}

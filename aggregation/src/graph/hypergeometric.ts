import { logFactorial } from "./log-factorial.ts";

/**
 * How many marked ones are in a sample drawn without replacement: `sampled` out of a `population`, `marked` of which are
 * marked. Integers, 0 <= marked, sampled <= population.
 */
export interface Hypergeometric {
  readonly population: number;
  readonly marked: number;
  readonly sampled: number;
}

/** A term below this share of the sum so far no longer changes a float64. */
const NEGLIGIBLE = 2 ** -60;

/**
 * ln Pr[X > bound]: 0 for a certain event, -Infinity for an impossible one. Absolute error below 1e-7 for populations up
 * to 1e6. Nothing underflows or overflows: the sum is taken relative to its largest term, whose logarithm is known.
 */
export function logUpperTail(distribution: Hypergeometric, bound: number): number {
  const [least, most] = supportOf(distribution);
  if (bound < least) return 0;
  if (bound >= most) return Number.NEGATIVE_INFINITY;
  const largest = Math.min(most, Math.max(bound + 1, modeOf(distribution)));
  let sum = 1;
  let term = 1;
  for (let x = largest; x < most && term > NEGLIGIBLE * sum; x++) {
    term *= ratio(distribution, x);
    sum += term;
  }
  term = 1;
  for (let x = largest; x > bound + 1 && term > NEGLIGIBLE * sum; x--) {
    term /= ratio(distribution, x - 1);
    sum += term;
  }
  return Math.min(0, logProbability(distribution, largest) + Math.log(sum));
}

/** The smallest bound with ln Pr[X > bound] <= `logLimit`. `logLimit`: below 0. */
export function upperQuantile(distribution: Hypergeometric, logLimit: number): number {
  let [low, high] = supportOf(distribution);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (logUpperTail(distribution, middle) <= logLimit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The fewest and the most marked ones that a sample can have. */
function supportOf({ population, marked, sampled }: Hypergeometric): [number, number] {
  return [Math.max(0, sampled + marked - population), Math.min(marked, sampled)];
}

function modeOf({ population, marked, sampled }: Hypergeometric): number {
  return Math.floor(((sampled + 1) * (marked + 1)) / (population + 2));
}

/** Pr[X = x + 1] / Pr[X = x]. */
function ratio({ population, marked, sampled }: Hypergeometric, x: number): number {
  return ((marked - x) * (sampled - x)) / ((x + 1) * (population - marked - sampled + x + 1));
}

/** ln Pr[X = x], x in the support. */
function logProbability({ population, marked, sampled }: Hypergeometric, x: number): number {
  return (
    logBinomial(marked, x) +
    logBinomial(population - marked, sampled - x) -
    logBinomial(population, sampled)
  );
}

function logBinomial(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

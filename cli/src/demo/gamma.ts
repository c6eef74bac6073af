import type { RandomNumbers } from "@chorus/aggregation";

/** A standard normal value. Source: Marsaglia & Bray 1964 (the polar form of Box & Muller). */
export function sampleNormal(random: RandomNumbers): number {
  for (;;) {
    const x = 2 * random.unit() - 1;
    const y = 2 * random.unit() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/**
 * A value of the gamma distribution with that shape (> 0, RangeError otherwise) and scale 1.
 * Source: Marsaglia & Tsang 2000, "A simple method for generating gamma variables"; shapes below 1 by its section 6:
 * a gamma(shape + 1) value times U^(1/shape).
 */
export function sampleGamma(shape: number, random: RandomNumbers): number {
  if (!(shape > 0)) throw new RangeError(`got a gamma shape of ${shape}, wanted more than 0`);
  if (shape < 1) return sampleGamma(shape + 1, random) * random.unit() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = sampleNormal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random.unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * Shares that sum to 1 from the symmetric Dirichlet distribution. Shape `[size]`, size >= 1; `alpha` > 0: small values
 * give few large shares, large ones nearly equal shares. Normalised gamma values (Devroye 1986, chapter XI.4).
 */
export function sampleDirichlet(alpha: number, size: number, random: RandomNumbers): number[] {
  for (;;) {
    const values = Array.from({ length: size }, () => sampleGamma(alpha, random));
    const total = values.reduce((sum, value) => sum + value, 0);
    // With a tiny alpha all values can underflow to zero: draw again.
    if (total > 0) return values.map((value) => value / total);
  }
}

/** From here on the series below is exact to a float64. */
const SERIES_FROM = 128;

/**
 * ln(n!), n an integer from 0 on. Relative error below 2^-50: below 128 a sum of logarithms, then Stirling's series
 * n ln n - n + ln(2 pi n)/2 + 1/(12 n) - 1/(360 n^3) + 1/(1260 n^5), whose next term is below 1e-18.
 */
export function logFactorial(n: number): number {
  if (n < SERIES_FROM) return logOfProduct(n);
  const correction = (1 / 12 - (1 / 360 - 1 / (1260 * n * n)) / (n * n)) / n;
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + correction;
}

/** 127! is about 3e213: no float64 overflow. */
function logOfProduct(n: number): number {
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product *= factor;
  return Math.log(product);
}

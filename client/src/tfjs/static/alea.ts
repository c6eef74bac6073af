/** 2^-32. */
const WORD = 2 ** -32;

/**
 * The generator of TensorFlow.js' seeded operations: the same seed gives the same numbers, multiples of 2^-32 in [0, 1).
 * Source: Johannes Baagøe's Alea 0.9 (2010), as in npm seedrandom 3.
 */
export function alea(seed: string): () => number {
  let hash = 0xefc8249d;
  const mash = (text: string): number => {
    for (let index = 0; index < text.length; index++) {
      hash += text.charCodeAt(index);
      const scaled = 0.02519603282416938 * hash;
      const whole = scaled >>> 0;
      const product = (scaled - whole) * whole;
      hash = product >>> 0;
      hash += (product - hash) * 2 ** 32;
    }
    return (hash >>> 0) * WORD;
  };
  const blanks = [mash(" "), mash(" "), mash(" ")];
  let [first = 0, second = 0, third = 0] = blanks.map((blank) => {
    const state = blank - mash(seed);
    return state < 0 ? state + 1 : state;
  });
  let carry = 1;
  return () => {
    const next = 2091639 * first + carry * WORD;
    carry = next | 0;
    first = second;
    second = third;
    third = next - carry;
    return third;
  };
}

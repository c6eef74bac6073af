/**
 * Arithmetic of the homomorphic commitment, four polynomials at a time, one in each lane (AssemblyScript with SIMD).
 * `npm run kernels -w aggregation` compiles it into src/commitment/generated; src/commitment/plain-ring.ts does the same in TypeScript.
 * A block is 2048 vectors of four words: 32 KiB. Residues are below the modulus p, 2^30 < p < 2^31. Addresses are multiples
 * of 16.
 */

/** Bytes of a block. */
const BLOCK: usize = 32768;

/**
 * sum += NTT(words) * factors / 2^32 modulo p, vector by vector. `words`: int32, kept; `scratch`: a block that is
 * overwritten; `roots`: 2048 pairs of a root w, in the order of plain-ring.ts, and floor(w * 2^32 / p), uint32;
 * `inverse`: 1 / p modulo 2^32.
 */
export function addBlock(
  sum: usize,
  words: usize,
  factors: usize,
  scratch: usize,
  roots: usize,
  modulus: u32,
  inverse: u32,
): void {
  const p = i32x4.splat(modulus);
  firstLayer(scratch, words, roots, p);
  for (let groups: usize = 2; groups <= 512; groups <<= 2) twoLayers(scratch, roots, groups, p);
  addProducts(sum, scratch, factors, p, i32x4.splat(inverse));
}

/** The words' residues, and the first of the transform's eleven layers of butterflies. */
function firstLayer(target: usize, words: usize, roots: usize, p: v128): void {
  const half = BLOCK >> 1;
  const root = roots + 8;
  for (const end = target + half; target < end; target += 16, words += 16) {
    const u = residues(v128.load(words), p);
    const v = timesRoot(residues(v128.load(words + half), p), root, p);
    v128.store(target, plus(u, v, p));
    v128.store(target + half, minus(u, v, p));
  }
}

/** The layer with `groups` groups of butterflies and the next, with twice as many, in one pass over the block. */
function twoLayers(block: usize, roots: usize, groups: usize, p: v128): void {
  const quarter = BLOCK / (groups << 2);
  let first = roots + (groups << 3);
  let second = roots + (groups << 4);
  const rootsEnd = second;
  for (; first < rootsEnd; first += 8, second += 16) {
    for (const end = block + quarter; block < end; block += 16) {
      const c = timesRoot(v128.load(block + 2 * quarter), first, p);
      const d = timesRoot(v128.load(block + 3 * quarter), first, p);
      const a = v128.load(block);
      const b = v128.load(block + quarter);
      storePair(block, quarter, plus(a, c, p), timesRoot(plus(b, d, p), second, p), p);
      const e = timesRoot(minus(b, d, p), second + 8, p);
      storePair(block + 2 * quarter, quarter, minus(a, c, p), e, p);
    }
    block += 3 * quarter;
  }
}

/** Stores both outcomes of a butterfly. */
function storePair(target: usize, quarter: usize, u: v128, v: v128, p: v128): void {
  v128.store(target, plus(u, v, p));
  v128.store(target + quarter, minus(u, v, p));
}

/** sum += values * factors / 2^32 modulo p (Montgomery). */
function addProducts(sum: usize, values: usize, factors: usize, p: v128, inverse: v128): void {
  for (const end = sum + BLOCK; sum < end; sum += 16, values += 16, factors += 16) {
    const x = v128.load(values);
    const y = v128.load(factors);
    const quotient = i32x4.mul(i32x4.mul(x, y), inverse);
    const product = i32x4.sub(highProduct(x, y), highProduct(quotient, p));
    v128.store(sum, plus(v128.load(sum), i32x4.min_u(product, i32x4.add(product, p)), p));
  }
}

/** Residues of int32 words: -2^31 is below -p, so that p is added twice to what is negative. */
function residues(words: v128, p: v128): v128 {
  const above = i32x4.add(words, v128.and(i32x4.shr_s(words, 31), p));
  const positive = i32x4.add(above, v128.and(i32x4.shr_s(above, 31), p));
  return i32x4.min_u(positive, i32x4.sub(positive, p));
}

/** x * w modulo p, where `root` holds w and floor(w * 2^32 / p) (Shoup): the quotient is at most one too small. */
function timesRoot(x: v128, root: usize, p: v128): v128 {
  const quotient = highProduct(x, v128.load32_splat(root, 4));
  const rest = i32x4.sub(i32x4.mul(x, v128.load32_splat(root)), i32x4.mul(quotient, p));
  return i32x4.min_u(rest, i32x4.sub(rest, p));
}

/** The upper 32 bits of unsigned products. */
function highProduct(x: v128, y: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(x, y);
  const high = i64x2.extmul_high_i32x4_u(x, y);
  return v128.shuffle<u32>(low, high, 1, 3, 5, 7);
}

function plus(x: v128, y: v128, p: v128): v128 {
  const sum = i32x4.add(x, y);
  return i32x4.min_u(sum, i32x4.sub(sum, p));
}

function minus(x: v128, y: v128, p: v128): v128 {
  const difference = i32x4.sub(x, y);
  return i32x4.min_u(difference, i32x4.add(difference, p));
}

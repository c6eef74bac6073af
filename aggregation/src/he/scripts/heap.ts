/**
 * Encrypts, adds and decrypts 10,000 ciphertexts, then opens and closes 300 ciphers: the heap of SEAL must stay as large
 * as after the first.
 */
import { ChunkCipher } from "../chunk-cipher.ts";
import { packValues } from "../lanes.ts";
import { heParameters } from "../parameters.ts";
import { codeOf, TestBench, valuesOf } from "../testing/round.ts";

const parameters = heParameters(8, 128);
using bench = await TestBench.open(parameters);
const chunk = packValues(parameters, valuesOf("heap", 6141, 8));
const cycle = () => codeOf(() => bench.opened([bench.cipher.encrypt(chunk)]));
cycle();
const { heapBytes } = bench.seal;
for (let count = 0; count < 10_000; count++) cycle();
for (let count = 0; count < 300; count++) new ChunkCipher(bench.seal, bench.key)[Symbol.dispose]();
process.stdout.write(
  `10000 ciphertexts, 300 ciphers: heap ${heapBytes} -> ${bench.seal.heapBytes} bytes\n`,
);
if (bench.seal.heapBytes !== heapBytes) process.exitCode = 1;

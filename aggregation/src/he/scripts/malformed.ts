/** Adds 10,000 malformed ciphertexts to a sum, of every kind; each must be refused, and the instance must live on. */
import { systemRandom } from "../../random.ts";
import { bytesOfWords } from "../../vector.ts";
import { packSum } from "../ciphertext-form.ts";
import { packValues } from "../lanes.ts";
import { heParameters } from "../parameters.ts";
import { malformedFrom } from "../testing/malformed.ts";
import { codeOf, TestBench, valuesOf } from "../testing/round.ts";

const parameters = heParameters(8, 3);
using bench = await TestBench.open(parameters);
const chunk = packValues(parameters, valuesOf("honest", 6141, 8));
const honest = bench.cipher.encrypt(chunk);
const sum = bench.sumOf([honest]);
const before = sum.slice();
const { heapBytes } = bench.seal;
const refused = new Map<string, number>();
let count = 0;
while (count < 10_000) {
  for (const { what, bytes, code } of malformedFrom(honest, {}, systemRandom)) {
    const got = codeOf(() => bench.adder.addTo(sum, bytes));
    if (got !== code) throw new Error(`${what}: ${got ?? "added"}, wanted ${code}`);
    refused.set(code, (refused.get(code) ?? 0) + 1);
    count += 1;
  }
}
if (Buffer.compare(bytesOfWords(sum), bytesOfWords(before)) !== 0) {
  throw new Error("a refused ciphertext changed the sum");
}
if (Buffer.compare(bytesOfWords(bench.cipher.decrypt(packSum(sum))), bytesOfWords(chunk)) !== 0) {
  throw new Error("the sum does not open any more");
}
const codes = [...refused].map(([code, times]) => `${times} ${code}`).join(", ");
process.stdout.write(`${count} refused: ${codes}; heap ${heapBytes} -> ${bench.seal.heapBytes}\n`);

import { expect, test } from "vitest";
import { ChunkAdder } from "./chunk-cipher.ts";
import { packSum, SUM_WORDS } from "./ciphertext-form.ts";
import { packValues } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { Renewed } from "./renewed.ts";
import { Seal } from "./seal.ts";
import { SealContext } from "./seal-context.ts";
import { codeOf, TestBench, valuesOf } from "./testing/round.ts";

/** Makes SEAL fail: parameters cut short. */
function fail(seal: Seal): void {
  SealContext.fromBytes(seal, new Uint8Array(40).fill(7));
}

test("what SEAL refuses ends the instance, with one clear error", async () => {
  using bench = await TestBench.open();
  const { seal, cipher } = bench;
  expect(() => fail(seal)).toThrow(
    expect.objectContaining({ code: "he-failed", message: expect.stringMatching(/^SEAL: .+/) }),
  );
  expect(seal.isLost).toBe(true);
  expect(codeOf(() => cipher.encrypt(packValues(bench.key.parameters, new Uint16Array(1))))).toBe(
    "instance-lost",
  );
  expect(codeOf(() => fail(seal))).toBe("instance-lost");
});

test("an instance that is lost takes no other with it", async () => {
  using bench = await TestBench.open();
  using other = await Seal.open();
  expect(() => fail(other)).toThrow();
  const chunk = packValues(bench.key.parameters, valuesOf("other", 50, 8));
  expect(bench.opened([bench.cipher.encrypt(chunk)])).toEqual(chunk);
});

test("a renewed tool works again after its instance was lost, and goes on with the sum that there was", async () => {
  using bench = await TestBench.open();
  const { parameters } = bench.key;
  const chunk = packValues(parameters, Uint16Array.of(7, 8, 9));
  const ciphertexts = [bench.cipher.encrypt(chunk), bench.cipher.encrypt(chunk)] as const;
  const seals: Seal[] = [];
  using adders = await Renewed.open((seal) => {
    seals.push(seal);
    return new ChunkAdder(seal, parameters);
  });
  const sum = new Uint32Array(SUM_WORDS);
  await adders.use((adder) => adder.addTo(sum, ciphertexts[0]));
  const before = sum.slice();
  const broken = adders.use((adder) => {
    for (const seal of seals) seal[Symbol.dispose]();
    adder.addTo(sum, ciphertexts[1]);
  });
  await expect(broken).rejects.toMatchObject({ code: "instance-lost" });
  expect(sum).toEqual(before);
  await Promise.all([
    adders.use((adder) => adder.addTo(sum, ciphertexts[1])),
    adders.use(() => undefined),
  ]);
  expect(seals.filter(({ isLost }) => !isLost)).toHaveLength(1);
  expect(bench.cipher.decrypt(packSum(sum)).slice(0, 4)).toEqual(Uint32Array.of(2, 0, 14, 0));
});

test("a tool that cannot be made is tried anew; one that was disposed of is not", async () => {
  const failure = new Error("cannot be made");
  const seals: Seal[] = [];
  const make = (seal: Seal) => {
    if (seals.push(seal) === 2) throw failure;
    return { [Symbol.dispose]: () => undefined };
  };
  using tools = await Renewed.open(make);
  seals[0]?.[Symbol.dispose]();
  await expect(tools.use(() => 1)).rejects.toBe(failure);
  await expect(tools.use(() => 1)).resolves.toBe(1);
  tools[Symbol.dispose]();
  await expect(tools.use(() => 1)).rejects.toThrow(/disposed/);
  expect(seals.map((seal) => seal.isLost)).toEqual([true, true, true]);
});

test("parameters that are less than 128-bit secure have no context", async () => {
  using seal = await Seal.open();
  const open = () =>
    SealContext.open(seal, { scheme: "bgv", degree: 2048, primeBits: [55], plainBits: 45 });
  expect(codeOf(open)).toBe("he-failed");
});

test("the heap is as large after 10,000 ciphertexts as after the first", {
  timeout: 120_000,
}, async () => {
  using bench = await TestBench.open(heParameters(8, 100));
  const chunk = packValues(bench.key.parameters, valuesOf("heap", 6141, 8));
  const cycle = () => bench.opened([bench.cipher.encrypt(chunk), bench.cipher.encrypt(chunk)]);
  cycle();
  const { heapBytes } = bench.seal;
  for (let count = 0; count < 5000; count++) cycle();
  expect(bench.seal.heapBytes).toBe(heapBytes);
  expect(heapBytes).toBe(16 * 2 ** 20);
});

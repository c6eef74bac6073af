import { expect, test, vi } from "vitest";
import { openHeContext } from "./parameters.ts";
import { TestBench } from "./testing/round.ts";

test("a disposed instance leaves nothing of its memory standing, the key that was in it included", async () => {
  const instantiate = vi.spyOn(WebAssembly, "instantiate");
  using bench = await TestBench.open();
  const [made] = instantiate.mock.results;
  instantiate.mockRestore();
  const instance: WebAssembly.Instance = await made?.value;
  const memory = Object.values(instance.exports as object).find(
    (value) => value instanceof WebAssembly.Memory,
  );
  const bytes = new Uint8Array(memory?.buffer ?? new ArrayBuffer());
  expect(bytes).toHaveLength(bench.seal.heapBytes);
  using context = openHeContext(bench.seal, bench.key.parameters);
  const part = bench.key.use(context, (secretKey) => secretKey.slice(1000, 1064));
  expect(Buffer.from(bytes.buffer).indexOf(part)).toBeGreaterThan(0);
  bench[Symbol.dispose]();
  expect(bytes.every((byte) => byte === 0)).toBe(true);
});

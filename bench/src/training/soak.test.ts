import { expect, test } from "vitest";
import { isFlat, soak } from "./soak.ts";

const STEPS = 10_000;

const HELD = { tensors: 6, heapBytes: 16_777_216, processBytes: 100_000_000 };

test("a process is flat whose tensors and heap stay and that grows by little", () => {
  const after = { ...HELD, processBytes: HELD.processBytes + 2_000_000 };
  expect(isFlat({ steps: STEPS, before: HELD, after })).toBe(true);
});

test.each([
  ["one tensor more", { tensors: 7 }],
  ["a larger WASM heap", { heapBytes: 16_842_752 }],
  ["800 bytes after every one of 10,000 steps", { processBytes: 108_000_000 }],
])("%s is not flat", (_, change) => {
  expect(isFlat({ steps: STEPS, before: HELD, after: { ...HELD, ...change } })).toBe(false);
});

test("100 steps of a static plan leave nothing behind, and steps that keep a tensor are found out", async () => {
  const { signal } = new AbortController();
  expect(isFlat(await soak({ way: "static", model: "mlp", steps: 100 }, signal))).toBe(true);
  const leaking = await soak({ way: "leaking", model: "mlp", steps: 100 }, signal);
  expect(isFlat(leaking)).toBe(false);
  expect(leaking.after.tensors - leaking.before.tensors).toBe(100);
}, 60_000);

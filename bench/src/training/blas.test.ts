import { expect, test } from "vitest";
import { measureBlas } from "./blas.ts";

test("a machine without Python has no OpenBLAS to compare with", async () => {
  const { signal } = new AbortController();
  expect(await measureBlas(signal, "no-such-python")).toBeUndefined();
});

test("an abort is the signal's reason", async () => {
  const reason = new Error("enough");
  await expect(measureBlas(AbortSignal.abort(reason), "no-such-python")).rejects.toBe(reason);
});

import { expect, test } from "vitest";
import { measureBlas } from "./blas.ts";

test("a machine without Python has no OpenBLAS to compare with", async () => {
  const { signal } = new AbortController();
  const notMeasured = "this machine has no Python 3";
  expect(await measureBlas(signal, "no-such-python")).toEqual({ notMeasured });
});

test("a Python that fails is told of, as other results are worth keeping", async () => {
  const { signal } = new AbortController();
  // Node, which cannot read Python's language.
  expect(await measureBlas(signal, process.execPath)).toEqual({
    notMeasured: expect.stringMatching(/^Python 3 failed: .+$/),
  });
});

test("an abort is the signal's reason", async () => {
  const reason = new Error("enough");
  await expect(measureBlas(AbortSignal.abort(reason), "no-such-python")).rejects.toBe(reason);
});

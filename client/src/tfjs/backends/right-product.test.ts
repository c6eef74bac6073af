import { getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { openRung } from "./open-rung.ts";
import { requireRightProduct } from "./right-product.ts";

const NEVER = new AbortController().signal;

test("a device that multiplies rightly passes, one that gives zeros is refused with what it gave", async () => {
  await openRung("cpu", NEVER);
  await requireRightProduct();
  const right = getKernel("BatchMatMul", "cpu");
  unregisterKernel("BatchMatMul", "cpu");
  const zeros = getKernel("ZerosLike", "cpu");
  registerKernel({
    ...right,
    kernelFunc: ({ inputs: { a }, backend }) =>
      a === undefined ? [] : zeros.kernelFunc({ inputs: { x: a }, backend }),
  });
  await expect(requireRightProduct()).rejects.toMatchObject({
    code: "backend-failed",
    message: "the graphics processor sums a product of ones to 0, wanted 36465",
  });
});

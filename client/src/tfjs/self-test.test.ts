import { describe, expect, test } from "vitest";
import { worstTensor } from "./self-test.ts";

describe("the tensor that is furthest off", () => {
  const tensors = [
    { name: "kernel", shape: [2], offset: 0, size: 2 },
    { name: "bias", shape: [1], offset: 2, size: 1 },
  ];
  const layout = { tensors, parameters: 3 };

  test("is found relative to its own largest value", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 0.75), Float32Array.of(5, 8, 0.5));
    expect(worst).toEqual({ tensor: "bias", relativeError: 0.5 });
  });

  test("is none whose gradient is 0 but for rounding", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 3e-7), Float32Array.of(4, 8, -1e-7));
    expect(worst.tensor).toBe("bias");
    expect(worst.relativeError).toBeLessThan(1e-4);
  });

  test("is a small one that is lost altogether", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 0), Float32Array.of(4, 8, 5e-5));
    expect(worst.tensor).toBe("bias");
    expect(worst.relativeError).toBeGreaterThan(1e-3);
  });

  test("is the one with a value that is not a number, whatever comes after it", () => {
    const worst = worstTensor(layout, Float32Array.of(4, Number.NaN, 9), Float32Array.of(4, 8, 1));
    expect(worst).toEqual({ tensor: "kernel", relativeError: Number.NaN });
  });
});

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { UpstreamFindings } from "./upstream.test-support.ts";

/** The stock backend, in a process of its own, as the kernels of this one are replaced. */
const reproductions = fileURLToPath(new URL("upstream.test-support.ts", import.meta.url));
const { stdout } = await promisify(execFile)(process.execPath, [reproductions]);
const findings = JSON.parse(stdout) as UpstreamFindings;

// A test that fails here tells that upstream has mended something, and that we may have a kernel too many.

test("upstream's MaxPoolGrad still loses the gradients of maxima that are not above 0", () => {
  // Wanted: 10, 20, 30 and 40 at the maxima, of which none is the first value.
  expect(findings.maxPoolGradient).toEqual([10, ...Array.from({ length: 15 }, () => 0)]);
});

test("upstream still has wrong gradients for Conv3D, MaxPool3D and Dilation2D", () => {
  for (const [name, error] of Object.entries(findings.errors)) {
    expect(error, name).toBeGreaterThan(0.1);
  }
});

test("upstream still lacks kernels that training needs", () => {
  expect(findings.missingKernels).toEqual([
    "Conv2DBackpropFilter",
    "DepthwiseConv2dNativeBackpropFilter",
    "DepthwiseConv2dNativeBackpropInput",
    "UnsortedSegmentSum",
    "Einsum",
  ]);
});

test("upstream still has no gradient for Einsum", () => {
  expect(findings.hasEinsumGradient).toBe(false);
});

test("upstream still copies what is cloned", () => {
  expect(findings.clonesShareMemory).toBe(false);
});

test("upstream still leaves out products where both operands are repeated", () => {
  // Wanted: 10, 20, 20, 40.
  expect(findings.bothBroadcast).toEqual([10, 40]);
});

test("upstream's Relu still hides what is not a number", () => {
  expect(findings.reluOfNaN).toBe(0);
});

test("upstream's start still adds handlers that throw again what nobody caught", () => {
  expect(findings.addedHandlers).toBe(2);
});

test("upstream's momentum optimiser still keeps a tensor when it is disposed", () => {
  expect(findings.momentumTensorsLeft).toBe(1);
});

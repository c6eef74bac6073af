import { expect, test } from "vitest";
import { describe as describeAdapter } from "./graphics-adapter.ts";

const NOBODY = {
  vendor: "",
  architecture: "",
  device: "",
  description: "",
  isFallbackAdapter: false,
};

// As the adapters present themselves through Dawn, or are quoted in its trackers.
test.each([
  [
    { vendor: "nvidia", architecture: "ampere", description: "NVIDIA A100: 550.54" },
    "NVIDIA A100: 550.54",
    false,
  ],
  [{ vendor: "intel", architecture: "xe" }, "intel xe", false],
  [
    { vendor: "google", architecture: "swiftshader", isFallbackAdapter: true },
    "google swiftshader",
    true,
  ],
  // Says nothing of its being a program.
  [
    { vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    true,
  ],
  [{ description: "Microsoft Basic Render Driver" }, "Microsoft Basic Render Driver", true],
  [{ isFallbackAdapter: true }, "unnamed", true],
  // Has the letters of one that is a program.
  [{ vendor: "warpdrive", device: "one" }, "warpdrive one", false],
])("the adapter %j is %j; a program: %j", (info, device, isSoftware) => {
  expect(describeAdapter({ ...NOBODY, ...info })).toEqual({ device, isSoftware });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { GraphicsLife } from "./graphics-life.test-support.ts";
import { ChildProbe } from "./probe-child.ts";
import { softwareVulkan } from "./software-vulkan.test-support.ts";

const NEVER = new AbortController().signal;
const LIFE = fileURLToPath(new URL("./graphics-life.test-support.ts", import.meta.url));

/** SwiftShader compiles each shader on one core. */
const LIMIT_MS = 180_000;

const env = softwareVulkan();

describe.skipIf(env !== undefined)("skipped: no software Vulkan adapter", () => {
  test("install chromium, which brings one", () => undefined);
});

describe.skipIf(env === undefined)("on a software Vulkan adapter", () => {
  test("a presence tells that the device is a program", async () => {
    const found = await new ChildProbe({ env: env ?? {} }).presence("webgpu", NEVER);
    expect(found).toEqual({
      backend: "webgpu",
      device: expect.stringContaining("SwiftShader"),
      isSoftware: true,
    });
  });

  test(
    "three models have the reference's gradient, training repeats itself and agrees with WASM, falls back to it when the device is lost, and the process ends by itself",
    async () => {
      const child = spawn(process.execPath, [LIFE], { env, stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      const life: GraphicsLife = JSON.parse(await text(child.stdout));
      // Sums of some 16 products, some of them with values that cancel.
      for (const error of Object.values(life.relativeErrors)) expect(error).toBeLessThan(1e-4);
      expect(Object.keys(life.relativeErrors)).toEqual(["mlp", "cnn", "transformer"]);
      expect(life.backends).toEqual(["webgpu", "wasm"]);
      expect(life.updateDifference).toBeLessThan(1e-4);
      expect(life.leakedTensors).toBe(0);
      expect(life.isDeterministic).toBe(true);
      expect(life.lost.code).toBe("backend-failed");
      expect(life.lost.message).toMatch(/^the backend webgpu on .*SwiftShader.* failed: ./);
      expect(life.warnings).toEqual(["a backend failed and trains no more"]);
      expect(life.exhausted.code).toBe("no-backend");
      expect(life.exhausted.message).toMatch(
        /: the backend webgpu on .* failed: .*; restart, or leave out --backend$/,
      );
      expect(await ended).toEqual([0, null]);
    },
    LIMIT_MS,
  );
});

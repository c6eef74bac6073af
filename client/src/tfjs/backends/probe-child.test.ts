import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { ChildProbe } from "./probe-child.ts";

const NEVER = new AbortController().signal;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-probe-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** An environment in which a process begins with this: what a driver may do to it. */
async function beginningWith(script: string): Promise<NodeJS.ProcessEnv> {
  const file = join(folder, "driver.cjs");
  await writeFile(file, script);
  return { ...process.env, NODE_OPTIONS: `--require ${file}` };
}

test("a backend is opened, compared, timed and measured in a process of its own", async () => {
  const probe = await new ChildProbe().everything("wasm", imagePlan(HIDDEN_LAYER), NEVER);
  expect(probe).toMatchObject({
    backend: "wasm",
    isSoftware: false,
    leak: { steps: 50, tensors: 0, bytes: 0 },
    products: [{ size: 512 }, { size: 1024 }],
  });
  if ("absent" in probe) throw new Error(probe.absent);
  expect(probe.relativeError).toBeLessThan(2e-5);
  for (const ms of [probe.stepMs, probe.convolutionMs]) expect(ms).toBeGreaterThan(0);
});

test("a driver that crashes is an absence with what it said last", async () => {
  const crash = 'process.stderr.write("no such GPU\\n"); process.kill(process.pid, "SIGSEGV");';
  const probe = new ChildProbe({ env: await beginningWith(crash) });
  expect(await probe.presence("webgpu", NEVER)).toEqual({
    backend: "webgpu",
    absent: "its driver ended the process: SIGSEGV no such GPU",
  });
});

test("a driver that hangs is an absence after the limit", async () => {
  const env = await beginningWith("for (;;);");
  const probe = new ChildProbe({ env, limitMs: 100 });
  expect(await probe.presence("webgpu", NEVER)).toEqual({
    backend: "webgpu",
    absent: "its driver gave no answer within 100 ms",
  });
});

test("an abort ends the process and surfaces as the signal's reason", async () => {
  const probe = new ChildProbe({ env: await beginningWith("for (;;);") });
  const reason = new Error("the site shuts down");
  const shutdown = new AbortController();
  const looking = probe.presence("webgpu", shutdown.signal);
  shutdown.abort(reason);
  await expect(looking).rejects.toBe(reason);
});

test.skipIf(process.platform !== "linux")(
  "without a graphics driver the absence says what is wanted, and nothing else is written",
  async () => {
    const env = { ...process.env, VK_ICD_FILENAMES: "none.json", VK_DRIVER_FILES: "none.json" };
    const found = await new ChildProbe({ env }).presence("webgpu", NEVER);
    expect(found).toMatchObject({
      backend: "webgpu",
      absent: expect.stringContaining("libvulkan1"),
    });
  },
);

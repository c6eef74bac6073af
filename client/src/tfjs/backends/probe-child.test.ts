import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { chooseBackend } from "./choose-backend.ts";
import { ChildProbe } from "./probe-child.ts";

const PROCESS_FILE = fileURLToPath(new URL("./probe-process.ts", import.meta.url));
const FAULTY_WASM = new URL("./faulty-wasm.test-support.ts", import.meta.url).href;
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

test("a backend with a wrong gradient, which leaks, is told of with both, and is not chosen", async () => {
  const env = { ...process.env, NODE_OPTIONS: `--import ${FAULTY_WASM}` };
  const probe = await new ChildProbe({ env }).everything("wasm", imagePlan(HIDDEN_LAYER), NEVER);
  if ("absent" in probe) throw new Error(probe.absent);
  expect(probe.leak).toMatchObject({ steps: 50, tensors: 50 });
  expect(probe.tensor).toMatch(/^dense_2\//);
  expect(Math.abs(probe.relativeError - 0.5)).toBeLessThan(1e-3);
  expect(chooseBackend([probe])).toBeUndefined();
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
  const probe = new ChildProbe({ env, limitsMs: { presence: 100, training: 60_000 } });
  expect(await probe.presence("webgpu", NEVER)).toEqual({
    backend: "webgpu",
    absent: "its driver gave no answer within 100 ms",
  });
});

test("a driver that hangs at the end, and leaves a program behind, costs nothing once there is an answer", async () => {
  const pidFile = join(folder, "pid");
  // The program lives longer than this test may, and holds the error output of the process.
  const env = await beginningWith(`
    process.on("exit", () => { for (;;); });
    const stdio = ["ignore", "ignore", "inherit"];
    const program = ["-e", "setTimeout(() => undefined, 60_000)"];
    const { pid } = require("node:child_process").spawn(process.execPath, program, { stdio, env: {} });
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(pid));
  `);
  const found = await new ChildProbe({ env }).presence("cpu", NEVER);
  process.kill(Number(await readFile(pidFile, "utf8")));
  expect(found).toMatchObject({ backend: "cpu", device: "one core, plain JavaScript" });
});

test("a process whose parent is gone ends, whatever its driver still does", async () => {
  const env = await beginningWith("setInterval(() => undefined, 1000);");
  const child = fork(PROCESS_FILE, [], {
    env,
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.send({ kind: "presence", backend: "cpu" });
  await once(child, "message");
  child.disconnect();
  expect(await once(child, "exit")).toEqual([0, null]);
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

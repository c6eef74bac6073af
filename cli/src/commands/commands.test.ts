import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Child, Children } from "../demo/children.ts";
import { mainPath, runChorus } from "../testing/run-chorus.ts";

const never = new AbortController().signal;
const planPath = fileURLToPath(new URL("../../plans/heart-disease.json", import.meta.url));

let folder = "";
let dataDirectory = "";
let children: Children;
let coordinator: Child;
let runId = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-commands-"));
  dataDirectory = join(folder, "coordinator");
  children = new Children(mainPath);
  const addresses = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
  coordinator = children.start({
    name: "the coordinator",
    args: ["coordinator", "serve", "--json", "--data-dir", dataDirectory, ...addresses],
    logFile: join(folder, "log"),
  });
  await coordinator.event("serving", never);
});
afterAll(async () => {
  await children[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const chorus = (...args: readonly string[]) => runChorus(...args, "--data-dir", dataDirectory);

test("a federation without runs says how to start one", async () => {
  const { code, stdout } = await chorus("run", "ls");
  expect(code).toBe(0);
  expect(stdout).toBe("No runs yet. Start one with `chorus run start plan.json`.\n");
});

test("a plan becomes a run that is listed, shown and explained", async () => {
  const started = await chorus("run", "start", planPath, "--json");
  expect(started.code).toBe(0);
  const run = JSON.parse(started.stdout) as { runId: string };
  runId = run.runId;
  expect(run).toMatchObject({ name: "heart-disease", status: "running", completedRounds: 0 });
  expect(JSON.parse((await chorus("run", "ls", "--json")).stdout)).toEqual([run]);
  const shown = await chorus("run", "show", runId.slice(0, 6));
  expect(shown.stdout).toContain(runId);
  expect(shown.stdout).toContain("No round is completed yet.");
  const why = await chorus("run", "why", runId.slice(0, 6));
  expect(why.stdout).toContain("waits for participants: 0 of 4 connected");
});

test("a run's id that nothing begins with is bad input and ends with 2", async () => {
  const { code, stderr } = await chorus("run", "show", "zz");
  expect(code).toBe(2);
  expect(stderr).toContain("no run's id begins with zz. List the runs with `chorus run ls`.");
});

test("a run without rounds is verified from the running coordinator, and its initial model holds", async () => {
  const { code, stdout } = await chorus("verify", runId, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ runId, differences: [], rounds: [] });
});

test("another token than the operator's is refused", async () => {
  const invitation = join(dataDirectory, "invitation");
  const { code, stderr } = await chorus("run", "ls", "--token-file", invitation);
  expect(stderr).toContain("--token-file");
  expect(code).toBe(1);
});

test("a second coordinator in the same folder is refused with the reason", async () => {
  const { code, stderr } = await chorus("coordinator", "serve", "--grpc", "127.0.0.1:0");
  expect(code).toBe(1);
  expect(stderr).toContain(dataDirectory);
});

test("a run that is stopped stays stopped, and stopping it again is refused", async () => {
  const stopped = await chorus("run", "stop", runId, "--json");
  expect(JSON.parse(stopped.stdout)).toMatchObject({ runId, status: "stopped" });
  const again = await chorus("run", "stop", runId);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("only a running one stops");
});

test("a coordinator that is asked to stop ends with 0, and its files verify without it", async () => {
  await coordinator.stop();
  expect(await coordinator.ended).toBe("exit code 0");
  expect((await chorus("run", "ls")).code).toBe(3);
  const { code, stdout } = await chorus("verify", runId.slice(0, 8));
  expect(stdout).toContain("Everything holds: the plan, the initial model and 0 rounds.");
  expect(code).toBe(0);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runChorus } from "./testing/run-chorus.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-main-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const commands = [
  ["demo"],
  ["coordinator", "serve"],
  ["participant", "run"],
  ["participant", "model"],
  ["run", "start"],
  ["run", "ls"],
  ["run", "show"],
  ["run", "why"],
  ["run", "stop"],
  ["verify"],
  ["doctor"],
  ["bench"],
  ["selftest", "attack"],
];

test("every command has help with an example and the exit codes", async () => {
  for (const command of commands) {
    const { code, stdout } = await runChorus(...command, "--help");
    expect(code, command.join(" ")).toBe(0);
    expect(stdout).toContain(`\nExamples:\n  $ chorus ${command.join(" ")}`);
    expect(stdout).toContain("4    verification failed");
    expect(stdout).toContain("--json");
  }
});

test("every group of commands has help with an example and the exit codes", async () => {
  for (const group of ["coordinator", "participant", "run", "selftest"]) {
    const { code, stdout } = await runChorus(group, "--help");
    expect(code, group).toBe(0);
    expect(stdout).toContain(`\nExamples:\n  $ chorus ${group} `);
    expect(stdout).toContain("5    verification holds so far");
  }
});

test.skipIf(process.platform !== "linux").each([
  [["coordinator", "serve", "--data-dir", "/proc/x"], "--data-dir"],
  [["participant", "run", "--name", "x", "--data", ".", "--state-dir", "/proc/x"], "--state-dir"],
  [["demo", "--runs-dir", "/proc/self"], "--runs-dir"],
])("a folder that cannot be written ends with 2 at once: %j", async (args, option) => {
  const { code, stderr } = await runChorus(...args);
  expect(stderr).toContain(`chorus: ${option}: cannot write in /proc/`);
  expect(code).toBe(2);
});

test("a participant without data ends with 2 and says what was wanted", async () => {
  const state = ["--state-dir", join(folder, "state")];
  const data = join(folder, "no-data.csv");
  const args = ["participant", "run", "--name", "x", "--data", data, ...state];
  const { code, stderr } = await runChorus(...args);
  expect(stderr).toContain(`cannot read the site's data at ${data}: ENOENT`);
  expect(stderr).toContain("wanted a CSV or NDJSON file, or a folder with images or IDX files");
  expect(code).toBe(2);
});

test.skipIf(process.platform !== "linux")(
  "a participant that is told to train on a device that is not there ends with 1 and says what is wanted",
  async () => {
    process.env["VK_DRIVER_FILES"] = process.env["VK_ICD_FILENAMES"] = "none.json";
    const site = ["--name", "x", "--data", folder, "--state-dir", join(folder, "state")];
    const { code, stderr } = await runChorus("participant", "run", ...site, "--backend", "webgpu");
    expect(stderr).toContain("chorus: no backend webgpu: no graphics adapter: wants a GPU");
    expect(code).toBe(1);
  },
);

test.each([
  [["run", "ls", "--frob"], "chorus: unknown option '--frob'. See --help.\n"],
  [["frobnicate"], "chorus: unknown command 'frobnicate'. See --help.\n"],
  [["run", "show"], "chorus: missing required argument 'run'. See --help.\n"],
  [["participant", "run", "--name", "x"], "required option '--data <path>' not specified"],
  [["coordinator", "serve", "--log-level", "loud"], "Allowed choices are debug, info"],
  [["coordinator", "serve", "--contract", "0x12"], "chorus: --contract needs --chain-url."],
  [["coordinator", "serve", "--grpc", "nowhere"], "grpcAddress: got nowhere, wanted host:port"],
  [["run", "ls", "--coordinator", "localhost:1"], "--coordinator needs the operator's token."],
])("wrong usage ends with 2 and says what is wrong: %j", async (args, message) => {
  const { code, stderr } = await runChorus(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test("without a command the help is shown and the exit code says that nothing was done", async () => {
  const { code, stderr, stdout } = await runChorus();
  expect(`${stdout}${stderr}`).toContain("chorus demo");
  expect(code).toBe(2);
});

test("a plan that is refused names the field, in text and in JSON", async () => {
  const plan = join(folder, "plan.json");
  await writeFile(plan, '{"name":"x","rounds":0}');
  const { code, stderr } = await runChorus("run", "start", plan);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^chorus: the plan is refused: .*rounds/);
  const asJson = await runChorus("run", "start", plan, "--json");
  expect(JSON.parse(asJson.stderr)).toEqual({
    error: {
      code: "bad-plan",
      message: expect.stringContaining("rounds"),
      hint: "Correct the plan.",
    },
  });
  expect(asJson.stdout).toBe("");
});

test.each([
  ["run", "start"],
  ["doctor", "--plan"],
  ["data", "check", "--data", ".", "--plan"],
  ["demo", "--plan"],
])(
  "a plan that is not there, or is a folder, ends with 2 and says what was wanted: %s",
  async (...command) => {
    const options = command[0] === "demo" ? ["--runs-dir", folder] : [];
    // Reading is the same for all.
    for (const plan of command[0] === "run" ? [join(folder, "missing.json"), folder] : [folder]) {
      const { code, stderr } = await runChorus(...command, plan, ...options);
      const wanted = "Name a file that exists and may be read.";
      expect(stderr).toBe(`chorus: cannot read the plan ${plan}. ${wanted}\n`);
      expect(code).toBe(2);
    }
  },
);

test("a data directory without a coordinator ends with 3", async () => {
  for (const command of [
    ["run", "ls"],
    ["run", "why", "ab"],
    ["verify", "ab"],
  ]) {
    const { code, stderr } = await runChorus(...command, "--data-dir", folder);
    expect(code, command.join(" ")).toBe(3);
    expect(stderr).toContain(folder);
  }
});

test("a coordinator that nobody answers for ends with 3", async () => {
  const token = join(folder, "token");
  await writeFile(token, "secret-token\n");
  const server = createServer((socket) => socket.destroy());
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const coordinator = `127.0.0.1:${port}`;
  const args = ["--coordinator", coordinator, "--token-file", token];
  const { code, stderr } = await runChorus("run", "ls", ...args);
  server.close();
  expect(stderr).toContain(`chorus: cannot reach a coordinator at ${coordinator}.`);
  expect(stderr).not.toContain("secret-token");
  expect(code).toBe(3);
});

test.each([
  ["--coordinator", "nocolon", "Give host:port"],
  ["--coordinator", "127.0.0.1:70707", "Give host:port"],
  ["--name", " ", "wanted 1 to 64"],
  ["--min-survivors", "1", "from 2 on"],
  ["--backend", "gpu", "Allowed choices are tensorflow, webgpu, wasm, cpu"],
])("a participant's %s %j is refused with what was wanted", async (option, value, wanted) => {
  const base = ["participant", "run", "--name", "x", "--data", "."];
  const { code, stderr } = await runChorus(...base, option, value);
  expect(stderr).toContain(wanted);
  expect(code).toBe(2);
});

test("the version is that of the package", async () => {
  const { code, stdout } = await runChorus("--version");
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(code).toBe(0);
});

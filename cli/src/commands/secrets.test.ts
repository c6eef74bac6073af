import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mainPath, runChorus } from "../testing/run-chorus.ts";
import { writeSampleRun } from "../verify/testing/data-directory.ts";

/** Nobody's chain, at an address whose every part but the host is secret. */
const node = createServer((_request, response) => response.writeHead(403).end("no"));
const secrets = ["secret-user", "secret-password", "secret-path", "secret-query"];
const [contract, committer] = [`0x${"12".repeat(20)}`, `0x${"34".repeat(20)}`];

let folder = "";
let dataDirectory = "";
let runId = "";
let host = "";
let url = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-secrets-"));
  dataDirectory = join(folder, "coordinator");
  runId = await writeSampleRun(dataDirectory, false);
  await rm(join(dataDirectory, "chain"), { recursive: true });
  await once(node.listen(0, "127.0.0.1"), "listening");
  const address = node.address();
  host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  url = `http://secret-user:secret-password@${host}/v3/secret-path?key=secret-query`;
});
afterAll(async () => {
  node.close();
  await rm(folder, { recursive: true });
});

const leaked = (text: string) => secrets.filter((secret) => text.includes(secret));

/** All that a coordinator says until it has tried in vain to commit to the chain. */
async function serve(...options: readonly string[]): Promise<string> {
  const addresses = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--chain-url", url];
  const args = ["coordinator", "serve", "--data-dir", dataDirectory, ...addresses, ...options];
  const child = spawn(process.execPath, [mainPath, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (/"level":[45]0/.test(line)) child.kill("SIGTERM");
  }
  return said;
}

test("a coordinator tells and logs the host of its chain and nothing else of its address", async () => {
  for (const options of [[], ["--json", "--log-level", "debug"]]) {
    const said = await serve(...options);
    expect(said).toContain("configuration");
    expect(said).toContain(host);
    expect(leaked(said)).toEqual([]);
  }
  // Control: the search finds what is there.
  expect(leaked(url)).toEqual(secrets);
});

test("verify and doctor tell no more of it when the chain does not answer", async () => {
  const chosen = ["--data-dir", dataDirectory, "--chain-url", url];
  const ledger = ["--contract", contract, "--committer", committer];
  const verified = await runChorus("verify", runId, ...chosen, ...ledger);
  expect(verified.code).toBe(3);
  const examined = await runChorus("doctor", "--json", "--backend", "wasm", ...chosen);
  expect(examined.stdout).toContain(`${host} does not answer`);
  expect(leaked(JSON.stringify([verified, examined]))).toEqual([]);
});

test("an address that is none is refused without being quoted", async () => {
  for (const command of [["coordinator", "serve"], ["verify", runId], ["doctor"]]) {
    const chosen = ["--data-dir", dataDirectory, "--chain-url", "secret-path", "--json"];
    const ledger =
      command[0] === "verify" ? ["--contract", contract, "--committer", committer] : [];
    const { code, stdout, stderr } = await runChorus(...command, ...chosen, ...ledger);
    expect(code, stderr).toBe(2);
    expect(leaked(stdout + stderr)).toEqual([]);
  }
});

test("rounds that never reached a chain are told as such, with an exit code of their own", async () => {
  const { code, stdout, stderr } = await runChorus("verify", runId, "--data-dir", dataDirectory);
  expect(stderr).toContain("round 1 is not on the chain yet (and 2 more)");
  expect(stdout).not.toContain("Everything holds");
  expect(code).toBe(5);
});

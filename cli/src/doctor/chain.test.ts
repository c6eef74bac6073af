import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMBEDDED_CHAIN_ID } from "@chorus/chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSampleRun } from "../verify/testing/data-directory.ts";
import { checkChain } from "./chain.ts";

const never = new AbortController().signal;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-doctor-chain-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What the check finds of a node that answers like this; its address holds a key. */
async function findingOf(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const url = `http://127.0.0.1:${port}/v3/secret-key?token=secret-token`;
  const finding = await checkChain(url, folder)(never);
  server.close();
  return { finding, host: `127.0.0.1:${port}` };
}

test("a node that answers is told with its chain id and block, and only the host of its address", async () => {
  const { finding, host } = await findingOf(async (request, response) => {
    const asked = JSON.parse(await new Response(request as never).text());
    const result = asked.method === "eth_chainId" ? "0xaa36a7" : "0x10";
    response.end(JSON.stringify({ jsonrpc: "2.0", id: asked.id, result }));
  });
  expect(finding).toMatchObject({
    status: "ok",
    found: `the chain at ${host} answers: chain id 11155111, block 16`,
  });
});

test.each([
  ["refuses", 403, "secret-key is unknown"],
  ["speaks something else", 200, "<html>"],
  ["says nonsense", 200, '{"jsonrpc":"2.0","id":1,"result":"many"}'],
])("a node that %s fails, and nothing secret is told", async (_, code, body) => {
  const { finding, host } = await findingOf((_request, response) => {
    response.writeHead(code).end(body);
  });
  expect(finding).toMatchObject({ status: "fail", found: expect.stringContaining(host) });
  expect(JSON.stringify(finding)).not.toContain("secret");
});

test("a data directory's chain answers when no coordinator has it, and a damaged one fails", async () => {
  const directory = join(folder, "coordinator");
  await writeSampleRun(directory);
  expect(await checkChain(undefined, directory)(never)).toMatchObject({
    status: "ok",
    // The first block, the contract's, and one for each of three rounds.
    found: `the embedded chain answers: chain id ${EMBEDDED_CHAIN_ID}, block 4`,
  });
  await writeFile(join(directory, "chain", "CURRENT"), "MANIFEST-9\n");
  expect((await checkChain(undefined, directory)(never)).status).toBe("fail");
});

test("a data directory without a chain is fine, and none is made", async () => {
  const directory = await mkdtemp(join(folder, "empty-"));
  expect((await checkChain(undefined, directory)(never)).status).toBe("ok");
  expect(await readdir(directory)).toEqual([]);
});

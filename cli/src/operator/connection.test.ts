import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { locateCoordinator, readRunningInfo } from "./connection.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-connection-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const info = {
  pid: process.pid,
  grpcAddress: "127.0.0.1:7070",
  httpAddress: "127.0.0.1:7071",
  chain: "embedded",
  committer: "0x00",
};
const announce = (text: string) => writeFile(join(folder, "coordinator.json"), text);
const here = () => ({ dataDirectory: folder, coordinator: undefined, tokenFile: undefined });

test("a coordinator that announced itself and lives is found with its token", async () => {
  await announce(JSON.stringify(info));
  await writeFile(join(folder, "operator-token"), "token\n");
  expect(await locateCoordinator(here())).toEqual({
    grpcAddress: "127.0.0.1:7070",
    token: "token",
  });
});

test("an announcement by a process that is gone, or that is no announcement, counts as none", async () => {
  // Larger than any process id that Linux gives out.
  await announce(JSON.stringify({ ...info, pid: 2 ** 30 }));
  expect(await readRunningInfo(folder)).toBeUndefined();
  await announce("{ half-writ");
  expect(await readRunningInfo(folder)).toBeUndefined();
  await expect(locateCoordinator(here())).rejects.toMatchObject({ code: "not-running" });
});

test("a coordinator elsewhere needs a token, and one that is empty is refused by name", async () => {
  const elsewhere = { ...here(), coordinator: "example.org:7070" };
  await expect(locateCoordinator(elsewhere)).rejects.toMatchObject({ code: "wrong-usage" });
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, " \n");
  await expect(locateCoordinator({ ...elsewhere, tokenFile })).rejects.toThrow(tokenFile);
});

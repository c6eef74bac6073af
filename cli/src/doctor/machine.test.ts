import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  checkAddress,
  checkClock,
  checkDataDirectory,
  checkDisk,
  checkMemory,
  checkNode,
} from "./machine.ts";

const never = new AbortController().signal;
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-doctor-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test.each([
  ["24.0.0", "ok"],
  ["25.1.0", "ok"],
  ["20.20.2", "fail"],
])("Node %s is %s", (version, status) => {
  expect(checkNode(version).status).toBe(status);
});

test.each([
  [Date.UTC(2026, 0, 1), "ok"],
  [0, "fail"],
  [Date.UTC(2150, 0, 1), "fail"],
])("a clock that says %d is %s", (nowMs, status) => {
  expect(checkClock(nowMs).status).toBe(status);
});

test.each([
  [8e9, "ok"],
  [1e9, "warn"],
  [1e8, "fail"],
])("%d bytes of memory are %s", (bytes, status) => {
  expect(checkMemory(bytes).status).toBe(status);
});

test("a folder that can be written is fine and is left as it was", async () => {
  expect((await checkDataDirectory(folder)(never)).status).toBe("ok");
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that could be made is fine and is not made", async () => {
  const path = join(folder, "new", "data");
  expect((await checkDataDirectory(path)(never)).status).toBe("ok");
  expect(await readdir(folder)).toEqual([]);
});

test("a folder below a file cannot be a data directory", async () => {
  await writeFile(join(folder, "file"), "");
  const finding = await checkDataDirectory(join(folder, "file", "data"))(never);
  expect(finding).toMatchObject({ status: "fail", advice: expect.stringContaining("--data-dir") });
});

test("a data directory that a coordinator has is told with its process", async () => {
  const info = { pid: process.pid, grpcAddress: "h:1", httpAddress: "h:2" };
  const text = JSON.stringify({ ...info, chain: "embedded", committer: "0x" });
  await writeFile(join(folder, "coordinator.json"), text);
  const finding = await checkDataDirectory(folder)(never);
  expect(finding).toMatchObject({ status: "warn", found: expect.stringContaining("h:1") });
});

test("an address that another program has is told, a free one is fine", async () => {
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const check = checkAddress("gRPC address", `127.0.0.1:${port}`);
  expect(await check(never)).toMatchObject({
    status: "warn",
    found: expect.stringContaining("EADDRINUSE"),
  });
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
  expect((await check(never)).status).toBe("ok");
});

test("the disk's free space is told for the folder that was asked about", async () => {
  expect((await checkDisk(folder)(never)).found).toContain(folder);
});

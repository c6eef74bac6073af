import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { verifyMessage } from "viem";
import { expect, test } from "vitest";
import { knownAccount, loadOrCreateAccount } from "./keys.ts";
import { TemporaryFolder } from "./testing/temporary-folder.ts";

test("the first start makes a key of 32 bytes that only its owner may use, later ones load it", async () => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "keys", "coordinator.key");
  const account = await loadOrCreateAccount(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file)).toHaveLength(32);
  expect((await loadOrCreateAccount(file)).address).toBe(account.address);
  expect(await readdir(join(folder.path, "keys"))).toEqual(["coordinator.key"]);
});

test("the account can sign", async () => {
  await using folder = await TemporaryFolder.make();
  const account = await loadOrCreateAccount(join(folder.path, "key"));
  const signature = await account.signMessage({ message: "hello" });
  const { address } = account;
  expect(await verifyMessage({ address, message: "hello", signature })).toBe(true);
});

test("of many that start at once all get one key, and no draft is left", async () => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "key");
  const starts = Array.from({ length: 8 }, () => loadOrCreateAccount(file));
  const accounts = await Promise.all(starts);
  expect(new Set(accounts.map(({ address }) => address)).size).toBe(1);
  expect(await readdir(folder.path)).toEqual(["key"]);
});

test.each([0o640, 0o604, 0o660, 0o620, 0o644])("a key file of mode %o is refused", async (mode) => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "key");
  await loadOrCreateAccount(file);
  await chmod(file, mode);
  const loading = loadOrCreateAccount(file);
  await expect(loading).rejects.toMatchObject({ name: "KeyFileError", code: "exposed" });
  await expect(loading).rejects.toThrow(`has mode 0${mode.toString(8)}, wanted 0600`);
});

test.each([
  ["too few bytes", Buffer.alloc(31, 7)],
  ["too many bytes", Buffer.alloc(33, 7)],
  ["zero, which is no key", Buffer.alloc(32)],
  ["a number above the curve's order", Buffer.alloc(32, 0xff)],
])("%s are refused, and the error does not quote them", async (_case, bytes) => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "key");
  await writeFile(file, bytes, { mode: 0o600 });
  const error = await loadOrCreateAccount(file).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: "KeyFileError", code: "malformed" });
  const shown = inspect(error, { depth: 9, showHidden: true });
  expect(shown).not.toContain(bytes.toString("hex").slice(0, 40));
});

test("a key file that cannot be read is not replaced", async () => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "key");
  await mkdir(file);
  await expect(loadOrCreateAccount(file)).rejects.toThrow();
  expect((await stat(file)).isDirectory()).toBe(true);
});

test("asking for the account of a file that is not there makes none", async () => {
  await using folder = await TemporaryFolder.make();
  const file = join(folder.path, "keys", "coordinator.key");
  expect(await knownAccount(file)).toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
  const { address } = await loadOrCreateAccount(file);
  expect(await knownAccount(file)).toBe(address);
});

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createIdentity, seededRandom, systemRandom } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { loadIdentity } from "./identity-file.ts";

/** A folder for one test, and where its identity is. */
async function stateDirectory(): Promise<AsyncDisposable & { path: string; identityFile: string }> {
  const path = await mkdtemp(join(tmpdir(), "identity-"));
  const remove = () => rm(path, { recursive: true });
  return { path, identityFile: join(path, "identity"), [Symbol.asyncDispose]: remove };
}

test("the first start makes an identity that every later start finds again", async () => {
  await using state = await stateDirectory();
  const nested = join(state.path, "made", "on", "demand");
  const first = await loadIdentity(nested, systemRandom);
  const second = await loadIdentity(nested, systemRandom);
  expect(second.participantId).toBe(first.participantId);
  expect(await readdir(nested)).toEqual(["identity"]);
});

test("the file holds the seed as 64 hexadecimal digits and is for its owner only", async () => {
  await using state = await stateDirectory();
  const identity = await loadIdentity(state.path, seededRandom("identity"));
  const text = await readFile(state.identityFile, "utf8");
  expect(text).toMatch(/^[0-9a-f]{64}\n$/);
  const seed = new Uint8Array(Buffer.from(text.trim(), "hex"));
  expect(createIdentity(seed).publicKey).toEqual(identity.publicKey);
  expect((await stat(state.identityFile)).mode & 0o777).toBe(0o600);
});

test("starts at the same time end with one and the same identity", async () => {
  await using state = await stateDirectory();
  const starts = Array.from({ length: 8 }, () => loadIdentity(state.path, systemRandom));
  const ids = (await Promise.all(starts)).map(({ participantId }) => participantId);
  expect(new Set(ids).size).toBe(1);
  expect(await readdir(state.path)).toEqual(["identity"]);
});

test.each([0o640, 0o604, 0o660, 0o601])(
  "an identity that others may touch (mode %o) is refused, saying what to do",
  async (mode) => {
    await using state = await stateDirectory();
    await loadIdentity(state.path, systemRandom);
    await chmod(state.identityFile, mode);
    await expect(loadIdentity(state.path, systemRandom)).rejects.toMatchObject({
      code: "bad-identity",
      message: expect.stringContaining("chmod 600"),
    });
  },
);

test.each([
  ["nothing", ""],
  ["62 digits", "ab".repeat(31)],
  ["66 digits", "ab".repeat(33)],
  ["other characters", "zz".repeat(32)],
])(
  "an identity file with %s is refused without quoting it, and stays as it is",
  async (_, text) => {
    await using state = await stateDirectory();
    await writeFile(state.identityFile, text, { mode: 0o600 });
    const refusal = await loadIdentity(state.path, systemRandom).catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: "bad-identity" });
    if (text !== "") expect(String(refusal)).not.toContain(text);
    expect(await readFile(state.identityFile, "utf8")).toBe(text);
  },
);

test("a state directory that cannot be is refused by path and reason", async () => {
  await using state = await stateDirectory();
  const file = join(state.path, "file");
  await writeFile(file, "");
  await expect(loadIdentity(file, systemRandom)).rejects.toMatchObject({
    name: "ClientError",
    message: expect.stringContaining("ENOTDIR"),
  });
  const below = join(state.path, "sealed", "state");
  await mkdir(dirname(below), { mode: 0o500 });
  const refusal = loadIdentity(process.getuid?.() === 0 ? "/sys/state" : below, systemRandom);
  await expect(refusal).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringMatching(/^cannot keep an identity in .*state: E[A-Z]+: /),
  });
});

import { EncryptedSum, HeError, heParameters } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import { CipherThreads } from "./cipher-threads.ts";

const PARAMETERS = heParameters(8, 2);
const noMasks = () => ({ added: new Uint8Array(), subtracted: new Uint8Array() });
const { signal } = new AbortController();

/** Some values for one chunk, and a key that everybody has. */
function job() {
  const values = new Uint16Array(100).map((_, i) => (i * 7) % 256);
  return { parameters: PARAMETERS, values, masks: noMasks(), keySeed: new Uint8Array(32).fill(9) };
}

const script = (name: string) => new URL(`../testing/${name}-cipher.ts`, import.meta.url);

test("a thread encrypts what another one with the same key opens, and takes over what is secret", async () => {
  await using threads = new CipherThreads();
  using first = threads.start();
  first.takeKey(job());
  const secret = job();
  using second = threads.start();
  second.takeKey(secret);
  const uploads = [await first.encrypt(job(), signal), await second.encrypt(secret, signal)];
  expect([secret.values.length, secret.keySeed.length]).toEqual([0, 0]);
  using sum = await EncryptedSum.open(PARAMETERS, 100);
  for (const upload of uploads) await sum.add(sum.check(upload));
  const encryptedSum = await sum.takeOff(noMasks());
  const counts = { valueCount: 100, survivors: 2 };
  const opened = await first.openSum(encryptedSum, counts, signal);
  expect([...opened]).toEqual([...job().values].map((value) => 2 * value));
  // What is refused is told by its code, and the thread goes on.
  const wrong = second.openSum(encryptedSum, { ...counts, survivors: 1 }, signal);
  await expect(wrong).rejects.toSatisfy(
    (error) => error instanceof HeError && error.code === "wrong-sum",
  );
  expect(await second.openSum(encryptedSum, counts, signal)).toEqual(opened);
});

test.each(["dying", "vanishing"])(
  "a %s thread fails what is under way and what comes after",
  async (how) => {
    await using threads = new CipherThreads(script(how));
    using thread = threads.start();
    thread.takeKey(job());
    for (let i = 0; i < 2; i++)
      await expect(thread.encrypt(job(), signal)).rejects.toMatchObject({ code: "cipher-failed" });
  },
);

test("what is aborted rejects with the reason, what was closed is refused, and the owner waits for every thread", async () => {
  const threads = new CipherThreads();
  const thread = threads.start();
  thread.takeKey(job());
  const aborting = new AbortController();
  const encrypting = thread.encrypt(job(), aborting.signal);
  aborting.abort(new Error("the round has ended"));
  await expect(encrypting).rejects.toThrow("the round has ended");
  thread[Symbol.dispose]();
  await expect(thread.encrypt(job(), signal)).rejects.toMatchObject({ code: "cipher-failed" });
  threads.start();
  await threads[Symbol.asyncDispose]();
  await thread.exited;
});

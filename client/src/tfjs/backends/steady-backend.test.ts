import { beforeAll, expect, test } from "vitest";
import { ClientError } from "../../error.ts";
import { openBackend } from "../backend.ts";
import { SteadyBackend } from "./steady-backend.ts";

const NEVER = new AbortController().signal;

beforeAll(() => openBackend(NEVER));

function open(): SteadyBackend {
  return new SteadyBackend("wasm", "one core");
}

/** WebAssembly that stops itself: code 0 is "unreachable", in a function that takes and gives nothing. */
function trap(): never {
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0];
  const code = [10, 5, 1, 3, 0, 0, 11];
  const module = new WebAssembly.Module(Uint8Array.from([...bytes, ...code]));
  const { exports } = new WebAssembly.Instance(module, {});
  (exports as { f(): void }).f();
  throw new Error("it did not stop");
}

test("code that stops itself ends all work on the backend, then and later", async () => {
  const steady = open();
  const { promise, reject } = Promise.withResolvers<never>();
  const beside = steady.use((signal) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  }, NEVER);
  const lost = { name: "ClientError", code: "backend-failed" };
  const trapped = expect(steady.use(async () => trap(), NEVER)).rejects.toMatchObject({
    ...lost,
    message: expect.stringContaining("unreachable"),
    cause: { name: "RuntimeError" },
  });
  await expect(beside).rejects.toMatchObject(lost);
  await trapped;
  expect(steady.failed.aborted).toBe(true);
  await expect(steady.use(async () => 7, NEVER)).rejects.toMatchObject(lost);
});

test.each([new ClientError("diverged", "NaN"), new Error("a bug")])(
  "%s passes through and leaves the backend as it was",
  async (error) => {
    const steady = open();
    await expect(steady.use(() => Promise.reject(error), NEVER)).rejects.toBe(error);
    expect(await steady.use(async () => 7, NEVER)).toBe(7);
  },
);

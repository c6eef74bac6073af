import { getBackend } from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { ClientError } from "../../error.ts";
import { openBackend } from "../backend.ts";
import { DeviceBackend } from "./device-backend.ts";

const NEVER = new AbortController().signal;

beforeEach(() => openBackend(NEVER));

function open(graceMs?: number): { device: DeviceBackend; freed: string[] } {
  const freed: string[] = [];
  const free = () => void freed.push("freed");
  // The backend that is selected stands for one on a device.
  const wasm = { name: "wasm", device: "GPU 7", isSoftware: false, free } as const;
  const device = new DeviceBackend(graceMs === undefined ? wasm : { ...wasm, graceMs });
  return { device, freed };
}

const FAILED = { name: "ClientError", code: "backend-failed" };

describe("work on a device", () => {
  test("comes to what it comes to while nothing happens to the device", async () => {
    const { device } = open();
    expect(await device.use(async () => 7, NEVER)).toBe(7);
    expect(device.failed.aborted).toBe(false);
  });

  test("that waits for ever rejects once the device is lost, and so does all later work", async () => {
    const { device } = open();
    const waiting = device.use(() => new Promise(() => undefined), NEVER);
    device.fail("device lost: somebody pulled it out");
    const lost = {
      ...FAILED,
      message: "the backend wasm on GPU 7 failed: device lost: somebody pulled it out",
    };
    await expect(waiting).rejects.toMatchObject(lost);
    await expect(device.use(async () => 7, NEVER)).rejects.toMatchObject(lost);
  });

  test("gets a signal that aborts with the device", async () => {
    const { device } = open();
    const heard = device.use(
      (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
      NEVER,
    );
    device.fail("lost");
    await expect(heard).rejects.toMatchObject(FAILED);
  });

  test("that throws what a driver throws makes the device fail, with the cause", async () => {
    const { device } = open();
    const cause = new TypeError("");
    const failing = device.use(() => Promise.reject(cause), NEVER);
    await expect(failing).rejects.toMatchObject({
      ...FAILED,
      cause,
      message: expect.stringContaining("TypeError"),
    });
    expect(device.failed.aborted).toBe(true);
  });

  test("that goes on for ever after an abort rejects with its reason, and the device counts as failed", async () => {
    const { device } = open(1);
    const shutdown = new AbortController();
    const hanging = device.use(() => new Promise(() => undefined), shutdown.signal);
    const reason = new Error("the site shuts down");
    shutdown.abort(reason);
    await expect(hanging).rejects.toBe(reason);
    expect(device.failed.reason).toMatchObject({
      ...FAILED,
      message: expect.stringContaining("it hangs: its work did not end within 1 ms"),
    });
  });

  test("that ends at its next step after an abort leaves the device as it was", async () => {
    const { device } = open(60_000);
    const shutdown = new AbortController();
    const { promise, resolve } = Promise.withResolvers<number>();
    const ending = device.use(() => promise, shutdown.signal);
    shutdown.abort(new Error("the round is over"));
    resolve(7);
    expect(await ending).toBe(7);
    expect(device.failed.aborted).toBe(false);
  });

  test("that diverges, or is aborted, leaves the device as it was", async () => {
    const { device } = open();
    const diverged = new ClientError("diverged", "NaN");
    await expect(device.use(() => Promise.reject(diverged), NEVER)).rejects.toBe(diverged);
    const reason = new Error("the site shuts down");
    const aborted = AbortSignal.abort(reason);
    await expect(device.use(() => Promise.reject(reason), aborted)).rejects.toBe(reason);
    expect(device.failed.aborted).toBe(false);
  });
});

describe("a device", () => {
  test("is freed once, and is not used any more then", async () => {
    const { device, freed } = open();
    // Under a name that TensorFlow.js does not know, so that nothing is taken from it.
    const other = new DeviceBackend({
      name: "webgpu",
      device: "GPU 8",
      isSoftware: false,
      free: () => void freed.push("other"),
    });
    other[Symbol.dispose]();
    other[Symbol.dispose]();
    expect(freed).toEqual(["other"]);
    await expect(other.use(async () => 7, NEVER)).rejects.toMatchObject(FAILED);
    expect(device.failed.aborted).toBe(false);
    expect(getBackend()).toBe("wasm");
  });

  test("on which the process does not compute by now is not worked on", async () => {
    const { freed } = open();
    const other = new DeviceBackend({
      name: "webgpu",
      device: "GPU 8",
      isSoftware: false,
      free: () => void freed.push("other"),
    });
    const work = other.use(async () => 7, NEVER);
    await expect(work).rejects.toThrow("computes on the backend wasm by now, not on webgpu");
  });
});

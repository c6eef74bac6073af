import { expect, test } from "vitest";
import { watch } from "./webgpu.ts";

const FOUND = { device: "GPU 7", isSoftware: false };

/** What of a device its watch needs. */
class Device extends EventTarget {
  readonly loss: PromiseWithResolvers<{ message: string; reason: string }> =
    Promise.withResolvers();
  readonly lost: Promise<unknown> = this.loss.promise;
  isDestroyed = false;

  destroy(): void {
    this.isDestroyed = true;
  }
}

function open() {
  const device = new Device();
  return { device, backend: watch(FOUND, device as unknown as GPUDevice) };
}

test("an error of the device that nobody waits for makes the backend fail with its message", () => {
  const { device, backend } = open();
  const event = Object.assign(new Event("uncapturederror"), { error: new Error("out of memory") });
  device.dispatchEvent(event);
  expect(backend.failed.reason).toMatchObject({
    code: "backend-failed",
    message: "the backend webgpu on GPU 7 failed: out of memory",
  });
});

test.each([
  [{ message: "the driver was reset", reason: "unknown" }, "the driver was reset"],
  [{ message: "", reason: "destroyed" }, "destroyed"],
])("a device that is lost, %j, makes the backend fail and says why", async (loss, why) => {
  const { device, backend } = open();
  device.loss.resolve(loss);
  await device.lost;
  expect(backend.failed.reason).toMatchObject({
    message: `the backend webgpu on GPU 7 failed: device lost: ${why}`,
  });
});

test("a backend that is disposed of destroys the device, and is not used any more", () => {
  const { device, backend } = open();
  backend[Symbol.dispose]();
  expect(device.isDestroyed).toBe(true);
  expect(backend.failed.aborted).toBe(true);
});

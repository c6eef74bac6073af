import { registerBackend, setBackend } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { OpenBackend, Rung } from "./backend.ts";
import { DeviceBackend } from "./device-backend.ts";
import { findAdapter, type GraphicsAdapter } from "./graphics-adapter.ts";
import { requireRightProduct } from "./right-product.ts";
import { within } from "./within.ts";

/** A driver that has not made a device, or run its first shaders, by then hangs. */
const START_MS = 20_000;

/** A graphics processor by WebGPU: Vulkan, Metal or Direct3D 12, whatever the machine has. */
export const WEBGPU: Rung = {
  name: "webgpu",
  open: async (signal) => {
    const found = await findAdapter(signal);
    const asked = found.adapter.requestDevice(wantedDevice(found.adapter));
    const device = await within(asked, START_MS, "the graphics driver makes no device", signal);
    const open = watch(found, device);
    try {
      await startWebgpu(found, device);
      await within(
        requireRightProduct(),
        START_MS,
        "the graphics processor multiplies nothing",
        signal,
      );
      return open;
    } catch (error) {
      open[Symbol.dispose]();
      throw error;
    }
  },
};

/**
 * All that the adapter can, of what TensorFlow.js uses. It would ask itself, but for a feature by a name in an array, which Dawn
 * need not understand (tfjs 4.22, base.js).
 */
function wantedDevice({ limits, features }: GPUAdapter): GPUDeviceDescriptor {
  return {
    requiredFeatures: features.has("timestamp-query") ? ["timestamp-query"] : [],
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  };
}

/** The device as a backend that fails when it is lost, and with any error of the device that nobody waits for. */
export function watch(
  found: Pick<GraphicsAdapter, "device" | "isSoftware">,
  device: GPUDevice,
): OpenBackend {
  const open = new DeviceBackend({
    name: "webgpu",
    device: found.device,
    isSoftware: found.isSoftware,
    free: () => {
      device.destroy();
      exposeGpu(undefined);
    },
  });
  void device.lost.then(({ message, reason }) => open.fail(`device lost: ${message || reason}`));
  device.addEventListener("uncapturederror", ({ error }) => open.fail(error.message));
  return open;
}

async function startWebgpu({ gpu, adapter }: GraphicsAdapter, device: GPUDevice): Promise<void> {
  exposeGpu(gpu);
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info), 3);
  if (await setBackend("webgpu")) return;
  throw new ClientError("backend-failed", "TensorFlow.js does not start on the graphics device");
}

/** Where TensorFlow.js looks for WebGPU. Not deleted in the end: that crashes Dawn's bindings (node-webgpu issue 18). */
function exposeGpu(gpu: GPU | undefined): void {
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true, writable: true });
}

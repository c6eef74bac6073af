import { describe, expect, test } from "vitest";
import type { BackendName } from "./backend.ts";
import { chooseBackend } from "./choose-backend.ts";
import type { Probe } from "./probe.ts";

function probe(backend: BackendName, stepMs: number, but: Partial<Probe> = {}): Probe {
  const found: Omit<Probe, "backend" | "stepMs"> = {
    device: "a device",
    isSoftware: false,
    method: "reference",
    relativeError: 1e-6,
    tensor: "dense/bias",
  };
  return { backend, stepMs, ...found, ...but };
}

const WASM = probe("wasm", 2);

describe("of the backends that there are", () => {
  test("the fastest trains, and the others are told with both speeds", () => {
    const choice = chooseBackend([probe("tensorflow", 1.5), probe("webgpu", 0.5), WASM]);
    expect(choice?.probe.backend).toBe("webgpu");
    expect(choice?.passedOver).toEqual({
      tensorflow: "1.50 ms a step, webgpu 0.50",
      wasm: "2.00 ms a step, webgpu 0.50",
    });
  });

  test("a graphics processor slower than WASM does not train", () => {
    const choice = chooseBackend([probe("webgpu", 2.1), WASM]);
    expect(choice?.probe).toBe(WASM);
    expect(choice?.passedOver.webgpu).toBe("2.10 ms a step, wasm 2.00");
  });

  test.each([1e-3, 0.5, Number.POSITIVE_INFINITY, Number.NaN])(
    "a faster one whose gradient is off by %d does not train",
    (relativeError) => {
      const choice = chooseBackend([probe("webgpu", 0.1, { relativeError }), WASM]);
      expect(choice?.probe).toBe(WASM);
      expect(choice?.passedOver.webgpu).toBe(
        `its gradient of dense/bias is off by ${relativeError} of the largest value, wanted less than 0.001`,
      );
    },
  );

  test("neither a program that pretends to be a graphics processor nor plain JavaScript trains, however fast", () => {
    const program = probe("webgpu", 0.1, { isSoftware: true, device: "SwiftShader" });
    const choice = chooseBackend([program, WASM, probe("cpu", 0.1)]);
    expect(choice?.probe).toBe(WASM);
    expect(choice?.passedOver.webgpu).toBe("SwiftShader is a program, not a graphics processor");
    expect(choice?.passedOver.cpu).toBe("plain JavaScript trains only when asked for");
  });

  test("one that is not there is told with the reason", () => {
    const choice = chooseBackend([{ backend: "webgpu", absent: "no adapter" }, WASM]);
    expect(choice?.passedOver).toEqual({ webgpu: "no adapter" });
  });

  test("none trains where none is right", () => {
    const wrong = probe("wasm", 1, { relativeError: 1 });
    expect(chooseBackend([{ backend: "webgpu", absent: "no adapter" }, wrong])).toBeUndefined();
  });
});

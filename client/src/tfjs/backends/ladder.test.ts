import type { Plan } from "@chorus/aggregation";
import { getBackend } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import type { BackendName } from "./backend.ts";
import { Ladder } from "./ladder.ts";
import type { Absence, Probe } from "./probe.ts";
import type { DeviceProbe } from "./probe-child.ts";
import type { Presence } from "./probe-request.ts";

const NEVER = new AbortController().signal;
const PLAN = imagePlan(HIDDEN_LAYER);

/** A machine whose drivers say what they are told to, and which counts what it was asked for. */
class Machine implements DeviceProbe {
  readonly asked: string[] = [];
  /** Whether other programs have the memory of the graphics processor. */
  isBusy = false;
  readonly #presence: Omit<Presence, "backend"> | undefined;
  readonly #stepMs: number;

  /** `presence`: of the graphics processor. */
  constructor(presence?: Omit<Presence, "backend">, stepMs = 0) {
    this.#presence = presence;
    this.#stepMs = stepMs;
  }

  async presence(backend: BackendName): Promise<Presence | Absence> {
    this.asked.push(`presence of ${backend}`);
    if (this.#presence === undefined) return { backend, absent: "no adapter" };
    return { backend, ...this.#presence };
  }

  async training(backend: BackendName): Promise<Probe | Absence> {
    this.asked.push(`training on ${backend}`);
    if (this.isBusy) return { backend, absent: "out of memory" };
    const check = { method: "reference", tensor: "dense/bias", relativeError: 0 } as const;
    return { backend, device: "GPU 7", isSoftware: false, ...check, stepMs: this.#stepMs };
  }
}

const GPU = { device: "GPU 7", isSoftware: false };

/** A log that remembers. */
function listening() {
  const told: { level: string; fields: object; text: string | undefined }[] = [];
  const at = (level: string) => (fields: object | string, text?: string) =>
    void told.push(
      typeof fields === "string" ? { level, fields: {}, text: fields } : { level, fields, text },
    );
  return { told, log: { info: at("info"), warn: at("warn") } as never };
}

test("a machine without devices trains on WASM, measures nothing, and says what it lacks", async () => {
  const { told, log } = listening();
  const deviceProbe = new Machine();
  using ladder = await Ladder.open({ log, deviceProbe }, NEVER);
  expect(ladder.backend).toBe("wasm");
  const { opened, isChecked } = await ladder.choose(PLAN, NEVER);
  expect(opened.name).toBe("wasm");
  expect(isChecked).toBe(false);
  expect(getBackend()).toBe("wasm");
  expect(deviceProbe.asked).toEqual(["presence of webgpu"]);
  expect(told.map(({ text }) => text)).toEqual([
    "looking for what can train here",
    "looked for what can train here",
  ]);
  const absent = { tensorflow: "not installed", webgpu: "no adapter" };
  expect(told[1]?.fields).toEqual({ candidates: ["wasm"], absent });
});

test("a program that pretends to be a graphics processor is no candidate", async () => {
  const { log } = listening();
  const deviceProbe = new Machine({ device: "SwiftShader", isSoftware: true });
  using ladder = await Ladder.open({ log, deviceProbe }, NEVER);
  expect(ladder.backend).toBe("wasm");
});

test("a graphics processor slower than WASM is measured once a plan, and told", async () => {
  const { told, log } = listening();
  const deviceProbe = new Machine(GPU, 1e6);
  using ladder = await Ladder.open({ log, deviceProbe }, NEVER);
  expect(ladder.backend).toBe("webgpu or wasm");
  for (let time = 0; time < 2; time++) {
    const { opened, isChecked } = await ladder.choose(PLAN, NEVER);
    expect([opened.name, isChecked]).toEqual(["wasm", true]);
  }
  expect(ladder.backend).toBe("wasm");
  expect(deviceProbe.asked).toEqual(["presence of webgpu", "training on webgpu"]);
  const [, , choice, ...more] = told;
  expect(more).toEqual([]);
  expect(choice?.fields).toMatchObject({
    backend: "wasm",
    passedOver: { webgpu: expect.stringMatching(/^1000000\.00 ms a step, wasm \d/) },
  });
});

test.skipIf(process.platform !== "linux")(
  "a device that is the fastest but does not open here is dropped with a warning, and WASM trains",
  async () => {
    const { told, log } = listening();
    // No driver, whatever the probe says.
    process.env["VK_DRIVER_FILES"] = process.env["VK_ICD_FILENAMES"] = "none.json";
    using ladder = await Ladder.open({ log, deviceProbe: new Machine(GPU) }, NEVER);
    const { opened } = await ladder.choose(PLAN, NEVER);
    expect(opened.name).toBe("wasm");
    expect(told.filter(({ level }) => level === "warn")).toMatchObject([
      { fields: { backend: "webgpu" }, text: "a backend failed and trains no more" },
    ]);
  },
);

test.skipIf(process.platform !== "linux")(
  "a device that was asked for and does not open here is an error that says what to do",
  async () => {
    process.env["VK_DRIVER_FILES"] = process.env["VK_ICD_FILENAMES"] = "none.json";
    const options = {
      backend: "webgpu",
      log: listening().log,
      deviceProbe: new Machine(GPU),
    } as const;
    using ladder = await Ladder.open(options, NEVER);
    for (let time = 0; time < 2; time++) {
      await expect(ladder.choose(PLAN, NEVER)).rejects.toMatchObject({
        code: "no-backend",
        message: expect.stringMatching(
          /^nothing is left here that trains: no graphics adapter.*; restart, or leave out --backend$/,
        ),
      });
    }
  },
);

test("a device that is not there for a plan is looked at three times, and takes part once it is", async () => {
  const { log } = listening();
  const machine = new Machine(GPU, 1e6);
  using ladder = await Ladder.open({ log, deviceProbe: machine }, NEVER);
  const looks = async (isBusy: boolean, plan: Plan): Promise<number> => {
    machine.isBusy = isBusy;
    await ladder.choose(plan, NEVER);
    return machine.asked.filter((question) => question === "training on webgpu").length;
  };
  expect([await looks(true, PLAN), await looks(false, PLAN), await looks(false, PLAN)]).toEqual([
    1, 2, 2,
  ]);
  const other = { ...PLAN, seed: PLAN.seed + 1 };
  const often = [];
  for (let time = 0; time < 4; time++) often.push(await looks(true, other));
  expect(often).toEqual([3, 4, 5, 5]);
});

test("the backend that is asked for trains, whatever its speed, and nothing is looked for", async () => {
  const deviceProbe = new Machine(GPU);
  using ladder = await Ladder.open({ backend: "cpu", deviceProbe, log: listening().log }, NEVER);
  expect(ladder.backend).toBe("cpu");
  expect((await ladder.choose(PLAN, NEVER)).opened.name).toBe("cpu");
  expect(getBackend()).toBe("cpu");
  expect(deviceProbe.asked).toEqual([]);
});

test("a ladder that is disposed of closes what it opened", async () => {
  const closed: string[] = [];
  {
    using ladder = await Ladder.open({ log: listening().log, deviceProbe: new Machine() }, NEVER);
    const { opened } = await ladder.choose(PLAN, NEVER);
    Object.defineProperty(opened, Symbol.dispose, { value: () => void closed.push(opened.name) });
    expect(closed).toEqual([]);
  }
  expect(closed).toEqual(["wasm"]);
});

test("a device that is asked for and not there is an error with the reason; a program is one with a warning", async () => {
  const { told, log } = listening();
  const opening = Ladder.open({ backend: "webgpu", deviceProbe: new Machine(), log }, NEVER);
  await expect(opening).rejects.toMatchObject({
    code: "backend-failed",
    message: "no backend webgpu: no adapter",
  });
  const program = new Machine({ device: "SwiftShader", isSoftware: true });
  using ladder = await Ladder.open({ backend: "webgpu", deviceProbe: program, log }, NEVER);
  expect(ladder.backend).toBe("webgpu");
  expect(told).toMatchObject([{ level: "warn", fields: { device: "SwiftShader" } }]);
});

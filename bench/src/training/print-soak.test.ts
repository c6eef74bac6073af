import { expect, test } from "vitest";
import { printSoak } from "./print-soak.ts";
import type { SoakTask } from "./soak.ts";

const HELD = { tensors: 6, heapBytes: 16_777_216, processBytes: 100_000_000 };

/** A soak that keeps a tensor for one model and way only, and what is printed. */
function toolsKeeping(kept: string) {
  const printed: string[] = [];
  const soak = async (task: SoakTask) => {
    const tensors = `${task.model} ${task.way}` === kept ? 7 : 6;
    return { ...task, before: HELD, after: { ...HELD, tensors } };
  };
  const line = (text: string) => void printed.push(text);
  return { tools: { line, progress: () => undefined, soak }, printed };
}

const { signal } = new AbortController();

test("a soak that leaves nothing behind succeeds", async () => {
  const { tools, printed } = toolsKeeping("nothing");
  expect(await printSoak(10, tools, signal)).toBe(0);
  expect(printed.join("\n").match(/ yes *$/gm)).toHaveLength(4);
});

test.each(["mlp operations", "mlp static", "lenet operations", "lenet static"])(
  "a tensor that is kept by %s alone fails the soak",
  async (kept) => {
    const { tools, printed } = toolsKeeping(kept);
    expect(await printSoak(10, tools, signal)).toBe(1);
    expect(printed.join("\n").match(/ NO *$/gm)).toHaveLength(1);
  },
);

test("what was measured before a process failed is printed", async () => {
  const { tools, printed } = toolsKeeping("nothing");
  const soak = async (task: SoakTask) => {
    if (task.model === "lenet") throw new Error("killed");
    return await tools.soak(task);
  };
  await expect(printSoak(10, { ...tools, soak }, signal)).rejects.toThrow("killed");
  expect(printed.join("\n").match(/ yes *$/gm)).toHaveLength(2);
});

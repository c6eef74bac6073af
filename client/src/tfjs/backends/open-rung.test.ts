import { expect, test } from "vitest";
import { openRung } from "./open-rung.ts";

const NEVER = new AbortController().signal;

test.skipIf(process.platform !== "linux")(
  "a start that has failed is tried again, and one that has succeeded is not",
  async () => {
    // No driver: each start is refused with an error of its own.
    process.env["VK_DRIVER_FILES"] = process.env["VK_ICD_FILENAMES"] = "none.json";
    const failures = [];
    for (let time = 0; time < 2; time++) {
      failures.push(await openRung("webgpu", NEVER).catch((error: unknown) => error));
    }
    for (const failure of failures) expect(failure).toMatchObject({ code: "backend-failed" });
    expect(failures[0]).not.toBe(failures[1]);
    expect(await openRung("cpu", NEVER)).toBe(await openRung("cpu", NEVER));
  },
);

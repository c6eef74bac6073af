import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { IMAGE_OPERATIONS } from "./images.test-support.ts";
import { OPERATIONS } from "./operations.test-support.ts";
import { errorOf } from "./reference.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

// Sums of up to some thousand products: float32 leaves errors of 1e-7 each, which grow with the square root.
const TOLERANCE = 5e-6;

describe("on the WASM backend the result and all gradients agree with the reference:", () => {
  const cases = Object.entries({ ...OPERATIONS, ...IMAGE_OPERATIONS });
  test.each(cases)("%s", async (name, operation) => {
    expect(await errorOf(operation, name)).toBeLessThan(TOLERANCE);
  });
});

import { expect, test } from "vitest";
import {
  type FlowerServerParts,
  flowerClientSeconds,
  flowerServerSeconds,
} from "./flower-costs.ts";
import { runFlower } from "./run-flower.ts";

/** Parts that can be told apart in a sum: each a power of 1000. */
function parts(survivors: number): FlowerServerParts {
  return {
    survivors,
    decode: 1,
    add: 0,
    modulo: 0,
    combineSelfMaskSeed: 1e3,
    combineMaskKey: 1e6,
    expandMask: 1e9,
    subtractMask: 0,
    agree: 1e12,
    dequantise: 0,
  };
}

test("without dropouts the server decodes every vector, rebuilds every seed and expands every self mask, and agrees on nothing", () => {
  expect(flowerServerSeconds(parts(10), 10)).toBe(10 * (1 + 1e3 + 1e9));
});

test("each dropout costs a rebuilt key, and an agreement and a mask with everybody else", () => {
  const survivors = 8 * (1 + 1e3 + 1e9);
  expect(flowerServerSeconds(parts(8), 10)).toBe(survivors + 2 * (1e6 + 9 * (1e12 + 1e9)));
});

test("a client costs what its stages cost together", () => {
  const client = { setup: 1, shareKeys: 2, collectMaskedVectors: 4, unmask: 8 };
  const versions = { flwr: "", numpy: "", python: "" };
  expect(flowerClientSeconds({ versions, client, sentBytes: 0, servers: [] })).toBe(15);
});

test("where Flower is not there, nothing is measured and the way to install it is told", async () => {
  const round = { clients: 3, parameters: 1, threshold: 2, survivors: [3] };
  const { signal } = new AbortController();
  await expect(runFlower("no-such-python", round, signal)).rejects.toThrow(/pip install flwr/);
});

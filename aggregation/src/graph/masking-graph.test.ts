import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../hash.ts";
import { bytesOfHex } from "../hex.ts";
import { GraphError } from "./graph-error.ts";
import { MaskingGraph } from "./masking-graph.ts";

const SEED = bytesOfHex("07".repeat(32));

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => sha256Hex(`id ${index}`).slice(0, 32));
}

/** A size and a degree that go together. */
const shapes = fc.integer({ min: 2, max: 40 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    degree: fc
      .integer({ min: 1, max: Math.max(1, Math.floor((count - 1) / 2)) })
      .map((half) => (2 * half <= count - 1 ? 2 * half : count - 1))
      .chain((even) => fc.constantFrom(even, count - 1)),
    graphSeed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
);

/** Whether those who are left can all reach each other. */
function isConnected(graph: MaskingGraph, removed: ReadonlySet<string>): boolean {
  const left = graph.participants.filter((id) => !removed.has(id));
  const reached = new Set(left.slice(0, 1));
  for (const id of reached) {
    for (const next of graph.neighboursOf(id)) if (!removed.has(next)) reached.add(next);
  }
  return reached.size === left.length;
}

/** The participants in the order of the ring, found by walking it, as only k = 2 shows it plainly. */
function ringOf(ids: readonly string[], graphSeed: Uint8Array): string[] {
  const circle = new MaskingGraph(ids, { degree: 2, graphSeed });
  const ring = circle.participants.slice(0, 1);
  const seen = new Set(ring);
  for (const id of ring) {
    const next = circle.neighboursOf(id).find((other) => !seen.has(other));
    if (next === undefined) break;
    seen.add(next);
    ring.push(next);
  }
  return ring;
}

describe("laws", () => {
  test("everyone has k neighbours, never itself, each of whom has it for a neighbour", () => {
    fc.assert(
      fc.property(shapes, ({ count, degree, graphSeed }) => {
        const graph = new MaskingGraph(idsOf(count), { degree, graphSeed });
        for (const id of graph.participants) {
          const neighbours = graph.neighboursOf(id);
          expect(new Set(neighbours).size).toBe(degree);
          expect(neighbours).toEqual(neighbours.toSorted());
          for (const other of graph.participants) {
            expect(graph.areNeighbours(id, other)).toBe(neighbours.includes(other));
            expect(graph.areNeighbours(other, id)).toBe(graph.areNeighbours(id, other));
          }
          expect(neighbours).not.toContain(id);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("the order in which participants are given does not matter", () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) =>
          fc.record({
            shape: fc.constant(shape),
            shuffled: fc.shuffledSubarray(idsOf(shape.count), { minLength: shape.count }),
          }),
        ),
        ({ shape, shuffled }) => {
          const graph = new MaskingGraph(idsOf(shape.count), shape);
          const other = new MaskingGraph(shuffled, shape);
          expect(other.participants).toEqual(graph.participants);
          for (const id of shuffled) expect(other.neighboursOf(id)).toEqual(graph.neighboursOf(id));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("with n - 1 neighbours everyone is a neighbour of everyone, in odd and even graphs", () => {
    for (const count of [2, 3, 4, 9, 10, 255]) {
      const graph = new MaskingGraph(idsOf(count), { degree: count - 1, graphSeed: SEED });
      for (const id of graph.participants) {
        expect(graph.neighboursOf(id)).toEqual(graph.participants.filter((other) => other !== id));
      }
    }
  });

  test("no set of fewer than k removed participants disconnects who is left", () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) =>
          fc.record({
            shape: fc.constant(shape),
            removed: fc.shuffledSubarray(idsOf(shape.count), { maxLength: shape.degree - 1 }),
          }),
        ),
        ({ shape, removed }) => {
          const graph = new MaskingGraph(idsOf(shape.count), shape);
          expect(isConnected(graph, new Set(removed))).toBe(true);
        },
      ),
    );
  });

  test("two runs of k/2 removed from the ring disconnect it, one participant fewer does not", () => {
    const ids = idsOf(30);
    const ring = ringOf(ids, SEED);
    const graph = new MaskingGraph(ids, { degree: 8, graphSeed: SEED });
    const runs = [...ring.slice(3, 7), ...ring.slice(15, 19)];
    expect(isConnected(graph, new Set(runs))).toBe(false);
    for (const spared of runs) {
      expect(isConnected(graph, new Set(runs.filter((id) => id !== spared)))).toBe(true);
    }
  });

  test("another seed gives another graph", () => {
    const shape = { degree: 4, graphSeed: SEED };
    const other = { ...shape, graphSeed: bytesOfHex("08".repeat(32)) };
    const [one, two] = [new MaskingGraph(idsOf(50), shape), new MaskingGraph(idsOf(50), other)];
    expect(one.participants.map((id) => one.neighboursOf(id))).not.toEqual(
      two.participants.map((id) => two.neighboursOf(id)),
    );
  });

  test("every pair is neighbours in k / (n - 1) of the graphs", () => {
    const [ids, degree, graphs] = [idsOf(9), 4, 3000];
    const met = new Map<string, number>();
    for (let index = 0; index < graphs; index++) {
      const graphSeed = bytesOfHex(sha256Hex(`graph ${index}`));
      const graph = new MaskingGraph(ids, { degree, graphSeed });
      for (const id of ids) {
        for (const other of graph.neighboursOf(id)) {
          met.set(id + other, (met.get(id + other) ?? 0) + 1);
        }
      }
    }
    expect(met.size).toBe(9 * 8);
    // Binomial(3000, 1/2): five standard deviations are 137.
    for (const times of met.values()) expect(Math.abs(times - graphs / 2)).toBeLessThan(137);
  });
});

test("the ring is in the order of SHA-256(seed || id), the ids as bytes", () => {
  const ids = idsOf(20);
  const rank = (id: string): string => sha256Hex(SEED, bytesOfHex(id));
  const wanted = ids.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  const graph = new MaskingGraph(ids, { degree: 2, graphSeed: SEED });
  for (const [place, id] of wanted.entries()) {
    const around = [wanted.at((place + 1) % 20), wanted.at(place - 1)];
    expect(graph.neighboursOf(id)).toEqual(around.toSorted());
  }
});

describe("refusals", () => {
  const codeOf = (ids: readonly string[], degree: number, graphSeed = SEED): string => {
    try {
      return String(new MaskingGraph(ids, { degree, graphSeed }).degree);
    } catch (error) {
      return error instanceof GraphError ? error.code : String(error);
    }
  };

  test("odd, too large, zero and fractional degrees", () => {
    for (const degree of [3, 0, -2, 10, 12, 2.5, Number.NaN]) {
      expect(codeOf(idsOf(10), degree)).toBe("bad-degree");
    }
    expect(codeOf(idsOf(1), 0)).toBe("bad-degree");
    expect(codeOf([], -1)).toBe("bad-degree");
  });

  test("a seed of another length, a repeated id, an id that is none", () => {
    expect(codeOf(idsOf(10), 4, SEED.subarray(1))).toBe("bad-seed");
    expect(codeOf([...idsOf(9), ...idsOf(1)], 4)).toBe("duplicate-id");
    expect(codeOf([...idsOf(9), "A".repeat(32)], 4)).toContain("RangeError");
  });

  test("neighbours of somebody else", () => {
    const graph = new MaskingGraph(idsOf(10), { degree: 4, graphSeed: SEED });
    const [stranger] = idsOf(11).slice(10);
    expect(() => graph.neighboursOf(stranger ?? "")).toThrow(
      new GraphError("unknown-participant", `${stranger} is not in the graph`),
    );
  });
});

test("no two neighbours stand at the same place around a participant, and places fit the graph", () => {
  fc.assert(
    fc.property(shapes, ({ count, degree, graphSeed }) => {
      const graph = new MaskingGraph(idsOf(count), { degree, graphSeed });
      for (const id of graph.participants) {
        const places = graph.neighboursOf(id).map((other) => graph.placeAround(id, other));
        expect(new Set(places).size).toBe(degree);
        expect(Math.min(...places)).toBeGreaterThanOrEqual(1);
        expect(Math.max(...places)).toBeLessThanOrEqual(2 * Math.ceil(degree / 2));
      }
    }),
    { numRuns: 50 },
  );
});

test("who is no neighbour, and a participant itself, has no place around it", () => {
  const graph = new MaskingGraph(idsOf(9), { degree: 2, graphSeed: SEED });
  const [first = ""] = graph.participants;
  const strangers = graph.participants.filter((id) => !graph.areNeighbours(first, id));
  expect(strangers).toHaveLength(7);
  for (const id of strangers) expect(() => graph.placeAround(first, id)).toThrow(RangeError);
  expect(() => graph.placeAround(first, "0".repeat(32))).toThrow(
    expect.objectContaining({ code: "unknown-participant" }),
  );
});

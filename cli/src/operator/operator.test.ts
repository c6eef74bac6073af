import fc from "fast-check";
import { expect, test } from "vitest";
import { pickRun } from "./operator.ts";

const runs = [{ runId: "3f2a" }, { runId: "3f90" }, { runId: "aa00" }];

test("the beginning of an id picks its run, in whatever case", () => {
  expect(pickRun(runs, "3F2")).toBe(runs[0]);
  expect(pickRun(runs, "a")).toBe(runs[2]);
});

test("a beginning that fits several runs or none is refused, saying so", () => {
  expect(() => pickRun(runs, "3f")).toThrow("2 runs have ids that begin with 3f");
  expect(() => pickRun(runs, "b")).toThrow("no run's id begins with b");
});

test("the whole id always picks its own run", () => {
  const id = fc.stringMatching(/^[0-9a-f]{8}$/);
  fc.assert(
    fc.property(fc.uniqueArray(id, { minLength: 1 }), fc.nat(), (ids, index) => {
      const all = ids.map((runId) => ({ runId }));
      const wanted = all[index % all.length];
      expect(pickRun(all, wanted?.runId ?? "")).toBe(wanted);
    }),
  );
});

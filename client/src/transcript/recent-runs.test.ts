import { sha256Hex } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentRuns } from "./recent-runs.ts";

test("the runs that were written last are known, and no others", () => {
  const writes = fc.array(fc.nat(5), { maxLength: 20 });
  fc.assert(
    fc.property(writes, fc.integer({ min: 1, max: 4 }), (runs, most) => {
      const recent = new RecentRuns<number>(most);
      for (const [place, run] of runs.entries()) recent.set(sha256Hex(`${run}`), place);
      const newest = [...new Set(runs.toReversed())].slice(0, most);
      for (let run = 0; run <= 5; run++) {
        const known = newest.includes(run) ? runs.lastIndexOf(run) : undefined;
        expect(recent.get(sha256Hex(`${run}`))).toBe(known);
      }
    }),
  );
});

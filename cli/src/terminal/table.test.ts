import fc from "fast-check";
import { expect, test } from "vitest";
import { formatFields, formatTable } from "./table.ts";

test("columns line up, numbers to the right, and no line ends in a space", () => {
  const text = formatTable(
    [{ title: "round", align: "right" }, { title: "phase" }, { title: "bytes", align: "right" }],
    [
      ["1", "training", "12 kB"],
      ["12", "", "1.2 MB"],
    ],
  );
  expect(text.split("\n")).toEqual([
    "round  phase      bytes",
    "-----  --------  ------",
    "    1  training   12 kB",
    "   12            1.2 MB",
  ]);
});

test("a cell starts where its column's title starts, whatever the cells are", () => {
  const cell = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const lines = formatTable([{ title: "one" }, { title: "two" }], rows).split("\n");
      const start = lines[0]?.indexOf("two") ?? -1;
      for (const [index, [, second]] of rows.entries()) {
        expect(lines[index + 2]?.slice(start)).toBe(second);
      }
    }),
  );
});

test("fields keep their values in one column", () => {
  expect(
    formatFields([
      ["run", "3f2a"],
      ["completed", "5 of 12"],
    ]),
  ).toBe("run        3f2a\ncompleted  5 of 12");
});

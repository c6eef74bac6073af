import { layoutOf, sha256Hex } from "@chorus/aggregation";
import { pino } from "pino";
import { expect, test } from "vitest";
import { AnsweredColumns } from "./answered-columns.ts";
import { type Folder, folderWith } from "./data/files.test-support.ts";
import { COLUMNS, planOf } from "./data/statistics-plan.test-support.ts";
import { createStatisticsTrainer } from "./statistics-trainer.ts";
import type { Trainer } from "./trainer.ts";

const never = new AbortController().signal;
const [first, second] = [sha256Hex("first"), sha256Hex("second")];
const AGE = COLUMNS.slice(0, 1);
const PAIN = COLUMNS.slice(1);

interface Line {
  readonly level: number;
  readonly runId?: string;
  readonly columns?: readonly unknown[];
}

/** The lines that are warnings, without what pino adds. */
function warnings(lines: readonly Line[]): readonly object[] {
  return lines.flatMap(({ level, ...fields }) => (level === 40 ? [fields] : []));
}

/** A site with a table, as it is after a start: what it has answered is read from its folder. */
async function siteIn(folder: Folder, mayRepeat = false) {
  const lines: Line[] = [];
  const write = (line: string): number => lines.push(JSON.parse(line));
  const log = pino({ base: null, timestamp: false, messageKey: "message" }, { write });
  const answered = await AnsweredColumns.open(folder.path, { mayRepeat });
  const dataPath = `${folder.path}/site.csv`;
  const trainer = (runId: string, columns = COLUMNS): Promise<Trainer> =>
    createStatisticsTrainer(
      { plan: planOf("csv", columns), runId, dataPath, answered, log },
      never,
    );
  const answer = async (runId: string, columns = COLUMNS) => {
    using made = await trainer(runId, columns);
    const { parameters } = layoutOf(planOf("csv", columns).model);
    return await made.train(new Float32Array(parameters), "seed", never);
  };
  return { lines, trainer, answer };
}

const TABLE = { "site.csv": "pain,age\na,80\nb,180\n" };
const refused = (column: string, run: string) => ({
  code: "already-measured",
  message: expect.stringMatching(
    new RegExp(`answered for "${column}" before, in run ${run};.*differ by one site`),
  ),
});

test("a statistics trainer reports its site's means and rows, and evaluates nothing", async () => {
  await using folder = await folderWith(TABLE);
  const site = await siteIn(folder);
  const trainer = await site.trainer(first);
  const delta = Float32Array.of(1, 0.5, 0.5, 0.5, 0.5, 0);
  const update = { delta, examples: 2, meanLoss: 0 };
  expect(await trainer.train(new Float32Array(6), "seed", never)).toEqual(update);
  const model = Float32Array.of(0.25, 0.25, 0, 0, -1, 1);
  const moved = Float32Array.of(0.75, 0.25, 0.5, 0.5, 1.5, -1);
  expect(await trainer.train(model, "seed", never)).toEqual({ ...update, delta: moved });
  expect(await trainer.evaluate(model, never)).toEqual({ examples: 0, correct: 0, meanLoss: 0 });
  await expect(trainer.train(new Float32Array(5), "seed", never)).rejects.toMatchObject({
    code: "wrong-model",
  });
  trainer[Symbol.dispose]();
  const wiped = await trainer.train(new Float32Array(6), "seed", never);
  expect(wiped.delta).toEqual(new Float32Array(6));
});

test("the log names every column and what is asked of it before the table is read", async () => {
  await using folder = await folderWith({});
  const site = await siteIn(folder);
  const many = Array.from({ length: 101 }, (_, index) => ({
    column: `c${index}`,
    kind: "number" as const,
    range: [0, 1] as const,
  }));
  await expect(site.trainer(first, [...COLUMNS, ...many])).rejects.toMatchObject({
    code: "unreadable",
  });
  const asked = site.lines.flatMap(({ columns = [] }) => columns);
  expect(asked).toEqual([
    "age (number from -20 to 180)",
    "pain (3 values)",
    ...many.map(({ column }) => `${column} (number from 0 to 1)`),
  ]);
  expect(site.lines).toHaveLength(2);
});

test("a site whose values a plan leaves out takes part, and only its own log says so", async () => {
  await using folder = await folderWith({ "site.csv": "pain,age\nd,28\nb,181\n" });
  const site = await siteIn(folder);
  expect(await site.answer(first)).toMatchObject({ examples: 2 });
  expect(warnings(site.lines)).toEqual([
    {
      message: expect.stringContaining("not what the plan says"),
      columns: [
        { column: "age", outside: 1, unreadable: 0 },
        { column: "pain", outside: 0, unreadable: 1 },
      ],
    },
  ]);
});

test("a column is answered for one run, whatever else another run asks, also after a restart", async () => {
  await using folder = await folderWith(TABLE);
  const site = await siteIn(folder);
  await site.answer(first, AGE);
  const restarted = await siteIn(folder);
  for (const asked of [site, restarted]) {
    await expect(asked.trainer(second)).rejects.toMatchObject(refused("age", first));
    expect(asked.lines.at(-1)).toMatchObject({ level: 30, runId: second });
  }
  await restarted.answer(second, PAIN);
  await expect((await siteIn(folder)).answer(first)).rejects.toMatchObject(refused("pain", second));
});

test("the same run is answered again, also after a restart", async () => {
  await using folder = await folderWith(TABLE);
  const site = await siteIn(folder);
  const answer = await site.answer(first);
  expect(await site.answer(first)).toEqual(answer);
  expect(await (await siteIn(folder)).answer(first)).toEqual(answer);
});

test("what a run was answered for first stays known when it asks for more", async () => {
  await using folder = await folderWith(TABLE);
  const site = await siteIn(folder);
  await site.answer(first, AGE);
  await site.answer(first, PAIN);
  await expect(site.trainer(second, AGE)).rejects.toMatchObject(refused("age", first));
});

test("of two runs that ask at once, one is answered", async () => {
  await using folder = await folderWith(TABLE);
  const site = await siteIn(folder);
  using one = await site.trainer(first);
  using other = await site.trainer(second);
  const model = new Float32Array(6);
  const outcomes = [one.train(model, "", never), other.train(model, "", never)];
  await expect(outcomes[1]).rejects.toMatchObject(refused("age", first));
  await expect(outcomes[0]).resolves.toMatchObject({ examples: 2 });
});

test("a site that is told to repeats what it has answered, and remembers that as well", async () => {
  await using folder = await folderWith(TABLE);
  await (await siteIn(folder)).answer(first, AGE);
  await (await siteIn(folder, true)).answer(second);
  const site = await siteIn(folder);
  await expect(site.answer(second)).rejects.toMatchObject(refused("age", first));
  await expect(site.answer(sha256Hex("third"), PAIN)).rejects.toMatchObject(
    refused("pain", second),
  );
});

test("a damaged memory of what was answered is no memory of nothing", async () => {
  await using folder = await folderWith({ "answered-columns": '{"answers":[{"runId":"x"}]}' });
  await expect(siteIn(folder)).rejects.toMatchObject({ code: "bad-journal" });
});

test("an update whose run cannot be remembered is not given", async () => {
  await using folder = await folderWith({ ...TABLE, "answered-columns.draft/in-the-way": "" });
  const site = await siteIn(folder);
  await expect(site.answer(first)).rejects.toMatchObject({ code: "unwritable" });
});

test("a site with more rows than maxExamples is told that they weigh less", async () => {
  const rows = Array.from({ length: 101 }, () => "a,30\n").join("");
  await using folder = await folderWith({ "site.csv": `pain,age\n${rows}` });
  const site = await siteIn(folder);
  await site.answer(first);
  expect(warnings(site.lines)).toMatchObject([{ rows: 101, maxExamples: 100 }]);
});

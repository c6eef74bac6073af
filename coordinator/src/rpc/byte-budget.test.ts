import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

const { signal } = new AbortController();

test("who finds too few bytes waits for those who have them, in the order of coming", async () => {
  const budget = new ByteBudget(10);
  const order: string[] = [];
  const first = await budget.take(6, signal);
  const large = budget.take(8, signal).then((taken) => {
    order.push("large");
    return taken;
  });
  const small = budget.take(2, signal).then((taken) => {
    order.push("small");
    return taken;
  });
  expect(order).toEqual([]);
  first[Symbol.dispose]();
  (await large)[Symbol.dispose]();
  await small;
  expect(order).toEqual(["large", "small"]);
});

test("who wants more than there is takes all, once all is free", async () => {
  const budget = new ByteBudget(10);
  const small = await budget.take(1, signal);
  const huge = budget.take(1_000, signal);
  small[Symbol.dispose]();
  (await huge)[Symbol.dispose]();
  await budget.take(10, signal);
});

test("who stops waiting is out of the way of those behind", async () => {
  const budget = new ByteBudget(10);
  await budget.take(6, signal);
  const leaving = new AbortController();
  const large = budget.take(8, leaving.signal);
  const small = budget.take(4, signal);
  leaving.abort(new Error("gone"));
  await expect(large).rejects.toThrow("gone");
  await small;
  await expect(budget.take(1, AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
});

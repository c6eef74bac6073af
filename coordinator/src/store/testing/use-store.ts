import { expect } from "vitest";
import type { Store, StoreErrorCode } from "../store.ts";
import { eventsOf } from "./sample-records.ts";

/** Lends the store to `work`; an implementation on disk may open it anew every time. */
export type UseStore = <T>(work: (store: Store) => Promise<T>) => Promise<T>;

/** Expects a refusal with this code, and a log that has not grown. */
export async function expectRefusal(
  store: Store,
  code: StoreErrorCode,
  change: (store: Store) => Promise<void>,
): Promise<void> {
  const before = await eventsOf(store);
  await expect(change(store)).rejects.toMatchObject({ name: "StoreError", code });
  expect(await eventsOf(store)).toEqual(before);
}

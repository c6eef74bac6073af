import type { Row } from "./database/database.ts";
import type { StoreEvent } from "./events.ts";
import { changesOf } from "./projection.ts";
import { StoreError } from "./store.ts";
import { type Change, keyOf, rowOf, type TableName } from "./tables.ts";

/** The tables as the events alone make them, in memory. */
export class Replay {
  readonly #tables = new Map<TableName, Map<string, Row>>();

  /** Applies the next event. Throws {@link StoreError} `damaged` for one that cannot follow those before it. */
  apply(event: StoreEvent, sequence: number): void {
    for (const change of changesOf(event, sequence)) this.#apply(change, sequence);
  }

  /** A table's rows by key, in the order in which they were added. */
  rows(table: TableName): ReadonlyMap<string, Row> {
    return this.#table(table);
  }

  #table(name: TableName): Map<string, Row> {
    const table = this.#tables.get(name) ?? new Map<string, Row>();
    this.#tables.set(name, table);
    return table;
  }

  #apply(change: Change, sequence: number): void {
    const row = rowOf(change.fields);
    const name = "insertInto" in change ? change.insertInto : change.update;
    const table = this.#table(name);
    const key = keyOf(name, row);
    const present = table.get(key);
    if ("insertInto" in change !== (present === undefined))
      throw new StoreError(
        "damaged",
        `event ${sequence} cannot follow those before it: in ${name}, ${key} ${present === undefined ? "is unknown" : "is there already"}`,
      );
    table.set(key, { ...present, ...row });
  }
}

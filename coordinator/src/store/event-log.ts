import { canonicalJson, hexToBytes, sha256Hex } from "@chorus/aggregation";
import type { Sql } from "./database/database.ts";
import { parseEvent, type StoreEvent } from "./events.ts";
import { changesOf } from "./projection.ts";
import { eventSchema } from "./records.ts";
import { recordOf } from "./rows.ts";
import { type EventRecord, type Hash, StoreError } from "./store.ts";
import { applyChange } from "./tables.ts";

/** Stands for the hash of the event before the first. */
const noHash: Hash = "0".repeat(64);

/** Events that are read at once. */
const pageEvents = 500;

/**
 * An event's hash: SHA-256 over the previous event's hash (32 bytes; zeros before the first), the sequence and the time
 * (8 bytes each, big-endian), the kind's length in bytes (4, big-endian), the kind, and the body, both as UTF-8.
 */
export function eventHash(previous: Hash, event: Omit<EventRecord, "hash">): Hash {
  const numbers = Buffer.alloc(20);
  numbers.writeBigUInt64BE(BigInt(event.sequence), 0);
  numbers.writeBigUInt64BE(BigInt(event.atMs), 8);
  numbers.writeUInt32BE(Buffer.byteLength(event.kind), 16);
  return sha256Hex(hexToBytes(previous, 32), numbers, event.kind, event.body);
}

/** Appends an event and brings the tables up to date. To be called in a transaction, once its checks have passed. */
export async function appendEvent(sql: Sql, atMs: number, event: StoreEvent): Promise<void> {
  const { kind, body } = parseEvent(event);
  const [newest] = await sql.query(
    "SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1",
  );
  const previous = newest === undefined ? { sequence: 0, hash: noHash } : newest;
  const unhashed = {
    sequence: Number(previous["sequence"]) + 1,
    atMs,
    kind,
    body: canonicalJson(body),
  };
  const hash = eventHash(String(previous["hash"]), unhashed);
  await sql.query(
    "INSERT INTO events (sequence, at_ms, kind, body, hash) VALUES ($1, $2, $3, $4, $5)",
    [unhashed.sequence, atMs, kind, unhashed.body, hash],
  );
  for (const change of changesOf(eventOf(unhashed), unhashed.sequence))
    await applyChange(sql, change);
}

/** What an entry of the log says. It is read from the text that is hashed, so that nothing else reaches the tables. */
export function eventOf({ kind, body }: Pick<EventRecord, "kind" | "body">): StoreEvent {
  return parseEvent({ kind, body: JSON.parse(body) });
}

/** The log from its first entry on, read page by page. Throws {@link StoreError} `damaged` for a row that is no event. */
export async function* readEvents(sql: Sql): AsyncGenerator<EventRecord> {
  let last = 0;
  for (;;) {
    const page = await sql.query(
      "SELECT sequence, at_ms, kind, body, hash FROM events WHERE sequence > $1 ORDER BY sequence LIMIT $2",
      [last, pageEvents],
    );
    for (const row of page) {
      const event = recordOf(eventSchema, row, () => `event ${row["sequence"]}`);
      last = event.sequence;
      yield event;
    }
    if (page.length < pageEvents) return;
  }
}

/** The log, each entry checked against the one before it. Throws {@link StoreError} `damaged`, naming the entry. */
export async function* readVerifiedEvents(
  sql: Sql,
  signal: AbortSignal,
): AsyncGenerator<EventRecord> {
  let wanted = 1;
  let previous = noHash;
  for await (const event of readEvents(sql)) {
    signal.throwIfAborted();
    if (event.sequence !== wanted)
      throw new StoreError(
        "damaged",
        `event ${wanted} is missing, the next one is ${event.sequence}`,
      );
    const hash = eventHash(previous, event);
    if (hash !== event.hash)
      throw new StoreError(
        "damaged",
        `event ${wanted} (${event.kind}): its hash is ${event.hash}, its content and the event before it give ${hash}`,
      );
    yield event;
    wanted += 1;
    previous = hash;
  }
}

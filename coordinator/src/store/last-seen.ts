import type { Sql } from "./database/database.ts";
import { storableText } from "./records.ts";
import { type Store, StoreError } from "./store.ts";

/** What a participant told last. It is no event, and goes without a check of its text: a stranger wrote it. */
export async function setSeen(
  sql: Sql,
  participantId: string,
  { lastSeenMs, backend, softwareVersion }: Parameters<Store["touchParticipant"]>[1],
): Promise<void> {
  const rows = await sql.query(
    `UPDATE participants SET last_seen_ms = $2, backend = $3, software_version = $4
     WHERE participant_id = $1 RETURNING 1`,
    [participantId, lastSeenMs, storableText(backend), storableText(softwareVersion)],
  );
  if (rows.length === 0)
    throw new StoreError("unknown", `there is no participant ${participantId}`);
}

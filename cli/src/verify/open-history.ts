import { type CoordinatorChoice, readRunningInfo } from "../operator/connection.ts";
import type { OpenHistory } from "./history.ts";
import type { LedgerChoice } from "./ledger-choice.ts";
import { openOfflineHistory } from "./offline.ts";
import { openOnlineHistory } from "./online.ts";

/** Opens a history: that of a coordinator that runs or was named, else that of the data directory itself. */
export async function openHistory(
  choice: CoordinatorChoice,
  ledger: LedgerChoice,
  signal: AbortSignal,
): Promise<OpenHistory> {
  const isOnline =
    choice.coordinator !== undefined || (await readRunningInfo(choice.dataDirectory)) !== undefined;
  return isOnline
    ? await openOnlineHistory(choice, ledger, signal)
    : await openOfflineHistory(choice.dataDirectory, ledger, signal);
}

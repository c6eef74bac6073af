const byteUnits = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes for people: decimal units, three significant digits, for example "1.25 MB". `bytes` >= 0. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${byteUnits[unit] ?? ""}`;
}

/** A duration for people: "850 ms", "12.3 s", "4 min 05 s", "2 h 07 min". `milliseconds` >= 0. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A share as a percentage with two decimals: 0.9432 is "94.32 %". Not a number prints as "-". */
export function formatShare(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(2)} %` : "-";
}

/** A whole number with thin groups: 60000 is "60,000". */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A point in time as "2026-03-01 14:05:09" in UTC. `epochMs` counts from 1970-01-01 UTC. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace("T", " ");
}

/** The head of a hash, enough for people to tell hashes apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}

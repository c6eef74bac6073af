import { Transform } from "node:stream";
import { type Logger, pino } from "pino";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A logger that writes to `destination`: one line of text a record where a person watches (`isHuman`), else JSON.
 */
export function createLogger(
  destination: NodeJS.WritableStream,
  options: { readonly level: LogLevel; readonly isHuman: boolean },
): Logger {
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!options.isHuman) return pino(settings, destination);
  const formatter = lineFormatter();
  formatter.pipe(destination);
  return pino(settings, formatter);
}

const levelNames: ReadonlyMap<unknown, string> = new Map([
  [20, "debug"],
  [30, "info"],
  [40, "WARN"],
  [50, "ERROR"],
  [60, "FATAL"],
]);

/** One JSON record of pino as a line for people: time, level, message, then its fields. */
export function formatLogLine(json: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
  const clock = typeof time === "string" ? time.slice(11, 23) : "";
  const parts = [clock, (levelNames.get(level) ?? "").padEnd(5), String(msg ?? ""), ...details];
  return [parts.join(" ").trimEnd(), ...errorLines(err)].join("\n");
}

function lineFormatter(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = chunk.toString().split("\n").filter(Boolean).map(formatLogLine);
      done(null, lines.length === 0 ? undefined : `${lines.join("\n")}\n`);
    },
  });
}

function fieldText(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // Hashes and ids are told apart by their heads.
  return /^[0-9a-f]{32,}$/.test(value) ? value.slice(0, 12) : value;
}

function errorLines(error: unknown): string[] {
  if (typeof error !== "object" || error === null || !("stack" in error)) return [];
  return String(error.stack)
    .split("\n")
    .map((line) => `    ${line}`);
}

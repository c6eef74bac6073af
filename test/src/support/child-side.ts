import { writeSync } from "node:fs";
import { type Logger, pino } from "pino";

/** What the parent started this script with. */
export function childOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? "null") as Options;
}

/** A log to the parent. `wrote` is told every sentence once it is out. */
export function childLog(wrote: (sentence: string) => void = () => undefined): Logger {
  return pino(
    { level: "debug", base: null },
    {
      write(line) {
        writeSync(1, line);
        wrote((JSON.parse(line) as { msg: string }).msg);
      },
    },
  );
}

/** Aborts when the parent asks this script to end. When the parent is gone, the script is too, whatever it does. */
export function parentSignal(): AbortSignal {
  const asked = new AbortController();
  const orphaned = () => process.exit(1);
  process.once("disconnect", orphaned);
  process.once("SIGTERM", () => {
    process.off("disconnect", orphaned);
    process.disconnect?.();
    asked.abort(new Error("asked to end"));
  });
  return asked.signal;
}

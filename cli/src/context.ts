import type { Terminal } from "./terminal/terminal.ts";

/** What main hands to a command. */
export interface CommandContext {
  /** The terminal for a command that was called with or without --json. */
  terminal(isJson: boolean): Terminal;
  /** For a command's log, which never mixes with its result. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborts when the person or the system asks to stop. */
  readonly signal: AbortSignal;
  /** The file that runs as `chorus`: commands that start others start it again. */
  readonly mainPath: string;
}

import { ClientError } from "../error.ts";

/** What the operating system refused, as a {@link ClientError} `unreadable` that names the path. */
export function unreadable(path: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError("unreadable", `cannot read ${path}: ${reason}`, { cause });
}

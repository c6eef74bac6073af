import { isSame } from "../participants/check-in.ts";
import { AccessError } from "../participants/error.ts";
import type { Session, Sessions } from "../participants/sessions.ts";
import type { CallContext } from "./calls.ts";

/** The session of a participant's call, which vouches for the connection. Throws {@link AccessError} `no-session`. */
export function sessionOf({ metadata, vouch }: CallContext, sessions: Sessions): Session {
  const [token] = metadata.get("chorus-session");
  const session = typeof token === "string" ? sessions.find(token) : undefined;
  if (session === undefined)
    throw new AccessError("no-session", "no session with this token: check in again");
  vouch();
  return session;
}

/** Lets an operator's call through, and vouches for the connection. Throws {@link AccessError} `bad-token`. */
export function checkOperator({ metadata, vouch }: CallContext, token: string): void {
  const [authorization] = metadata.get("authorization");
  if (typeof authorization !== "string" || !isSame(authorization, `Bearer ${token}`))
    throw new AccessError("bad-token", "this call needs the coordinator's operator token");
  vouch();
}

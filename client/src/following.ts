import type { Identity, RandomSource } from "@chorus/aggregation";
import type { Logger } from "pino";
import { Backoff, type Sleep } from "./backoff.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { ClientError } from "./error.ts";
import { Presence } from "./presence.ts";
import { Rivals } from "./rivals.ts";
import { describeFailure, failureOf, isFinalRefusal, isIdentityInUse } from "./rpc/failure.ts";
import type { Session } from "./session.ts";
import type { Uplink } from "./uplink.ts";

/** A connection that lasts this long was a good one: what follows is a new outage. One that ends sooner is part of the old one. */
const STEADY_MS = 30_000;

/** Who wants to be connected, and as whom. */
export interface Follower {
  readonly identity: Identity;
  /** Gets the instructions. */
  readonly session: Session;
  /** Gets the connections. */
  readonly uplink: Uplink;
  readonly random: RandomSource;
  readonly sleep: Sleep;
  readonly log: Logger;
}

/**
 * Connects, follows the coordinator's instructions, and begins again after each outage. Rejects with the signal's reason,
 * and with {@link ClientError}: `refused` when the coordinator will not have this participant, `identity-in-use` while
 * another process has its identity.
 */
export async function followForever(
  options: ConnectionOptions,
  follower: Follower,
  signal: AbortSignal,
): Promise<never> {
  const { identity, log } = follower;
  const backoff = new Backoff(follower);
  const presence = new Presence(log);
  const rivals = new Rivals(identity.participantId, log);
  for (;;) {
    try {
      using connection = await open(options, identity, signal);
      rivals.gone();
      presence.found(identity, connection.federationId);
      await followOn(connection, backoff, follower, signal);
      presence.lost("the coordinator ended the stream of instructions");
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error)) throw error;
      if (isIdentityInUse(error)) rivals.met();
      else {
        rivals.gone();
        presence.lost(describeFailure(error));
      }
    }
    await backoff.wait(signal);
  }
}

async function open(
  options: ConnectionOptions,
  identity: Identity,
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return await Connection.open(options, identity, signal);
  } catch (cause) {
    if (!isFinalRefusal(cause)) throw cause;
    const hint =
      "check the name and the invitation, which is needed to enrol, or ask the coordinator's operator";
    throw new ClientError(
      "refused",
      `the coordinator refuses this participant: ${cause.details}; ${hint}`,
      { cause },
    );
  }
}

/** Follows one connection to its end. */
async function followOn(
  connection: Connection,
  backoff: Backoff,
  { session, uplink, sleep }: Follower,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const steady = sleep(STEADY_MS, AbortSignal.any([signal, over.signal])).then(
    () => backoff.reset(),
    (error: unknown) => {
      if (!signal.aborted && !over.signal.aborted) throw error;
    },
  );
  uplink.opened(connection);
  session.connected();
  try {
    for await (const instruction of connection.follow(signal)) session.receive(instruction);
  } finally {
    uplink.closed();
    over.abort();
    await steady;
  }
}

/** Whether trying again may help: the network, the coordinator or what it said was at fault, not this program. */
function isOutage(error: unknown): boolean {
  if (error instanceof ClientError) return error.code !== "refused";
  return failureOf(error) !== undefined;
}

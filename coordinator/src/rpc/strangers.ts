import { isIPv6, type Socket } from "node:net";
import type { Clock } from "../clock.ts";

/** Longest that a connection for which nobody has vouched may live. */
const strangerMs = 10_000;
/** Such connections at once, of one network. */
const maxPerNetwork = 64;
/** Such connections at once, of all networks together. */
const maxStrangers = 1_024;

interface Stranger {
  readonly network: string;
  readonly gone: AbortController;
}

/**
 * Connections whose callers have not proven yet who they are: few of one network, and none for long, so that whoever holds
 * some keeps others out for ten seconds at most. Those that are {@link vouch}ed for are no strangers, and not counted.
 */
export class Strangers {
  readonly #clock: Clock;
  readonly #byPeer = new Map<string, Stranger>();
  readonly #counts = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a new connection, to be destroyed in ten seconds; false when there are too many like it. */
  admit(socket: Socket): boolean {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) return false;
    const network = networkOf(remoteAddress);
    // As grpc-js names the peer of a call, also for IPv6.
    const peer = `${remoteAddress}:${remotePort}`;
    const count = this.#counts.get(network) ?? 0;
    const isFull = this.#byPeer.size >= maxStrangers || count >= maxPerNetwork;
    if (isFull || this.#byPeer.has(peer)) return false;
    const stranger = { network, gone: new AbortController() };
    this.#byPeer.set(peer, stranger);
    this.#counts.set(network, count + 1);
    socket.once("close", () => this.#forget(peer, stranger));
    this.#clock.sleep(strangerMs, stranger.gone.signal).then(
      () => socket.destroy(),
      () => undefined,
    );
    return true;
  }

  /** Lets the connection of this peer, "address:port", live. Nothing happens where there is none, or no longer. */
  vouch(peer: string): void {
    const stranger = this.#byPeer.get(peer);
    if (stranger !== undefined) this.#forget(peer, stranger);
  }

  #forget(peer: string, stranger: Stranger): void {
    if (this.#byPeer.get(peer) !== stranger) return;
    this.#byPeer.delete(peer);
    const { network, gone } = stranger;
    const count = (this.#counts.get(network) ?? 0) - 1;
    if (count > 0) this.#counts.set(network, count);
    else this.#counts.delete(network);
    gone.abort();
  }
}

/** What one caller has to itself: an IPv4 address, mapped into IPv6 or not, or the first 64 bits of an IPv6 one. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address;
  const [head, tail] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const [before, after] = [head ?? [], tail ?? []];
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}

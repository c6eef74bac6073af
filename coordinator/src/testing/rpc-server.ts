import { pino } from "pino";
import { Calls } from "../rpc/calls.ts";
import { RpcServer, type RpcService } from "../rpc/server.ts";
import { statusMapper } from "../rpc/status.ts";
import { FakeClock } from "./fake-clock.ts";

/** A server, on loopback unless told otherwise, with the services that `servicesOf` makes; its grace is five seconds of `clock`. */
export function openTestServer({
  host = "127.0.0.1",
  port = 0,
  clock = new FakeClock(),
  servicesOf = () => [],
}: {
  readonly host?: string;
  readonly port?: number;
  readonly clock?: FakeClock;
  readonly servicesOf?: (calls: Calls) => readonly RpcService[];
} = {}): Promise<RpcServer> {
  const calls = new Calls(statusMapper(pino({ level: "silent" }), () => undefined));
  const services = servicesOf(calls);
  return RpcServer.open({ host, port, drainMs: 5_000 }, { clock, calls, services });
}

import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/** Bytes that a participant may send ahead of the coordinator's reading, per stream and per connection. */
const windowBytes = 8 * 1_048_576;

/** Private parts of grpc-js 1.14 that have no public option. */
interface ServerInternals {
  readonly commonServerOptions?: { settings?: { initialWindowSize?: number } };
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/**
 * Raises the receive window of streams. grpc-js pins a server's at 64 KiB, which limits an upload to 64 KiB per round
 * trip (measured: 0.8 MB/s at 50 ms, 63 MB/s with 8 MiB). Reaches into private fields, guarded: with another version of
 * the library uploads are slow again, never wrong. Call before the server binds; then {@link widenSessions}.
 */
export function widenStreams(server: Server): void {
  const { commonServerOptions } = server as unknown as ServerInternals;
  if (commonServerOptions === undefined) return;
  commonServerOptions.settings = {
    ...commonServerOptions.settings,
    initialWindowSize: windowBytes,
  };
}

/** Raises the receive window of whole connections. Call after the server has bound or made its injector. */
export function widenSessions(server: Server): void {
  const { http2Servers } = server as unknown as ServerInternals;
  for (const http2Server of http2Servers?.keys() ?? [])
    http2Server.on("session", (session: ServerHttp2Session) =>
      session.setLocalWindowSize(windowBytes),
    );
}

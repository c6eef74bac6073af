import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { ConnectionInjector } from "@grpc/grpc-js";

/** How long a new connection may stay silent. */
const prefaceTimeoutMs = 1_000;
/** Connections that may be open at once. */
const maxConnections = 2_000;

/**
 * Listens in front of grpc-js, which by itself would keep a connection that says nothing for ever: cuts those that do
 * not begin to speak within a second, and hands the others on.
 */
export class FrontDoor implements AsyncDisposable {
  readonly port: number;
  readonly #server: NetServer;
  /** Open connections, each with the moment of its end. */
  readonly #open = new Map<Socket, Promise<void>>();
  /** Connections that have said nothing yet. */
  readonly #silent = new Set<Socket>();

  /** `server`: listening. */
  private constructor(server: NetServer, injector: ConnectionInjector) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    server.on("connection", (socket) => this.#receive(socket, injector));
  }

  /** Listens at `host:port`; rejects with the system's error (EADDRINUSE, EACCES, ...). */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    injector: ConnectionInjector,
  ): Promise<FrontDoor> {
    const server = createServer({ pauseOnConnect: true });
    server.maxConnections = maxConnections;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, host, resolve);
    await promise;
    server.off("error", reject);
    return new FrontDoor(server, injector);
  }

  /** Takes no more connections, and none that has not begun to speak; the others stay. */
  stopListening(): void {
    this.#server.close();
    for (const socket of this.#silent) socket.destroy();
  }

  /** Resolves when the connections that are open now have ended. */
  async emptied(): Promise<void> {
    await Promise.all(this.#open.values());
  }

  /** Stops listening and cuts what is still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open.keys()) socket.destroy();
    await closed;
  }

  #receive(socket: Socket, injector: ConnectionInjector): void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#open.set(socket, ended);
    this.#silent.add(socket);
    const silent = setTimeout(() => socket.destroy(), prefaceTimeoutMs);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(silent);
      this.#silent.delete(socket);
      this.#open.delete(socket);
      resolve();
    });
    socket.once("readable", () => {
      clearTimeout(silent);
      this.#silent.delete(socket);
      injector.injectConnection(socket);
    });
  }
}

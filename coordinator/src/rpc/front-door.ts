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
  readonly #server: NetServer;
  readonly #open = new Set<Socket>();

  private constructor(server: NetServer) {
    this.#server = server;
  }

  /** Listens at `host:port`; rejects with the system's error (EADDRINUSE, EACCES, ...). */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    injector: ConnectionInjector,
  ): Promise<FrontDoor> {
    const server = createServer({ pauseOnConnect: true });
    server.maxConnections = maxConnections;
    const door = new FrontDoor(server);
    server.on("connection", (socket) => door.#receive(socket, injector));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, host, resolve);
    await promise;
    server.off("error", reject);
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections; those that are open stay. */
  stopListening(): void {
    this.#server.close();
  }

  /** Stops listening and cuts what is still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #receive(socket: Socket, injector: ConnectionInjector): void {
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("error", () => socket.destroy());
    const silent = setTimeout(() => socket.destroy(), prefaceTimeoutMs);
    socket.once("readable", () => {
      clearTimeout(silent);
      injector.injectConnection(socket);
    });
    socket.once("close", () => clearTimeout(silent));
  }
}

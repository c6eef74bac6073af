import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { ConnectionInjector } from "@grpc/grpc-js";
import type { Clock } from "../clock.ts";
import { Strangers } from "./strangers.ts";

/**
 * Listens in front of grpc-js, which by itself would keep any number of connections for ever: cuts those of
 * {@link Strangers} that are too many or stay too long, and hands on those that begin to speak.
 */
export class FrontDoor implements AsyncDisposable {
  readonly port: number;
  readonly #server: NetServer;
  /** Open connections, each with the moment of its end. */
  readonly #open = new Map<Socket, Promise<void>>();
  /** Connections that have said nothing yet. */
  readonly #silent = new Set<Socket>();
  readonly #strangers: Strangers;

  /** `server`: listening. */
  private constructor(server: NetServer, injector: ConnectionInjector, clock: Clock) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#strangers = new Strangers(clock);
    server.on("connection", (socket) => this.#receive(socket, injector));
  }

  /** Listens at `host:port`; rejects with the system's error (EADDRINUSE, EACCES, ...). */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    injector: ConnectionInjector,
    clock: Clock,
  ): Promise<FrontDoor> {
    const server = createServer({ pauseOnConnect: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, host, resolve);
    await promise;
    server.off("error", reject);
    return new FrontDoor(server, injector, clock);
  }

  /** Lets the connection of this peer, "address:port", live: its caller has proven who it is. */
  vouch(peer: string): void {
    this.#strangers.vouch(peer);
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
    if (!this.#strangers.admit(socket)) {
      socket.destroy();
      return;
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#open.set(socket, ended);
    this.#silent.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#silent.delete(socket);
      this.#open.delete(socket);
      resolve();
    });
    socket.once("readable", () => {
      this.#silent.delete(socket);
      injector.injectConnection(socket);
    });
  }
}

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A port that stays the same while the server behind it comes and goes. While there is none, connections are closed at
 * once. A port of the server's own would do, were it not free for anybody to take while the server is down.
 */
export class Relay implements AsyncDisposable {
  /** Port of the server behind; undefined while there is none. */
  target: number | undefined;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#receive(socket));
  }

  static async open(): Promise<Relay> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new Relay(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing gets through on the connections that are open, and nobody is told: a cable was pulled. */
  pullCable(): void {
    for (const socket of this.#open) socket.unpipe().pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await this.#server[Symbol.asyncDispose]();
  }

  #receive(socket: Socket): void {
    if (this.target === undefined) {
      socket.on("error", () => undefined).destroy();
      return;
    }
    const behind = connect(this.target, "127.0.0.1");
    this.#join(socket, behind);
    this.#join(behind, socket);
  }

  /** Whatever one side says or does, the other hears. */
  #join(from: Socket, to: Socket): void {
    this.#open.add(from);
    from.setNoDelay(true);
    from.on("error", () => from.destroy());
    from.on("close", () => {
      this.#open.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}

import { fileURLToPath } from "node:url";
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import type { Clock } from "../clock.ts";
import type { Calls } from "./calls.ts";
import { FrontDoor } from "./front-door.ts";
import { widenSessions, widenStreams } from "./receive-window.ts";

/** What a client sends at once: a chunk or a plan of 1 MiB, and what goes with it. */
const maxReceivedBytes = 1_048_576 + 65_536;
/** What a client is sent at once: up to a thousand rounds. */
const maxSentBytes = 4 * 1_048_576;

/** How a server listens and ends. */
export interface RpcServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Grace for calls in flight when the server drains, and again for all calls when it is disposed. */
  readonly drainMs: number;
}

/** A service and what answers its calls. */
export interface RpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** What a server serves. */
export interface RpcServerDependencies {
  readonly clock: Clock;
  /** Whoever serves the services' calls. */
  readonly calls: Calls;
  readonly services: readonly RpcService[];
}

/**
 * A gRPC server with health and reflection that listens behind the front door. A connection on which no call has proven who
 * it is ends after ten seconds: whoever watches the health without a token is cut, and watches again. {@link drain} the
 * server first: disposing it tells all calls to end, and cuts those that do not within the grace.
 */
export class RpcServer implements AsyncDisposable {
  readonly #drainMs: number;
  readonly #clock: Clock;
  readonly #calls: Calls;
  readonly #server: Server;
  readonly #health: Health;
  readonly #door: FrontDoor;

  private constructor(
    { drainMs }: RpcServerOptions,
    { clock, calls }: RpcServerDependencies,
    { server, health, door }: { server: Server; health: Health; door: FrontDoor },
  ) {
    this.#drainMs = drainMs;
    this.#clock = clock;
    this.#calls = calls;
    this.#server = server;
    this.#health = health;
    this.#door = door;
  }

  /**
   * Listens. Rejects with the system's error when the address cannot be had. Settings: messages of at most 1 MiB
   * and 64 KiB; keep-alive that notices a dead peer in 7 s (measured; the default never does).
   */
  static async open(
    options: RpcServerOptions,
    dependencies: RpcServerDependencies,
  ): Promise<RpcServer> {
    const { clock, calls, services } = dependencies;
    const server = new Server({
      "grpc.max_receive_message_length": maxReceivedBytes,
      "grpc.max_send_message_length": maxSentBytes,
      "grpc.max_concurrent_streams": 32,
      "grpc.keepalive_time_ms": 5_000,
      "grpc.keepalive_timeout_ms": 2_000,
      "grpc.keepalive_permit_without_calls": 1,
    });
    widenStreams(server);
    for (const { definition, implementation } of services)
      server.addService(definition, implementation);
    const health = new Health(services, server);
    new ReflectionService(loadOwnProtos()).addToServer(server);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    widenSessions(server);
    const door = await FrontDoor.open(options, injector, clock);
    calls.reportVouched((peer) => door.vouch(peer));
    return new RpcServer(options, dependencies, { server, health, door });
  }

  get port(): number {
    return this.#door.port;
  }

  /**
   * Says "not serving", takes no more connections and calls, and resolves when the calls in flight have been answered, or
   * after the grace. Endless streams go on: their callers may still be told something.
   */
  async drain(): Promise<void> {
    this.#health.setServing(false);
    this.#door.stopListening();
    this.#calls.refuse();
    await this.#within(this.#calls.answered());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#door.stopListening();
    this.#calls.end();
    // Its callback tells nothing (it comes at once for sessions that are closing): an empty door tells.
    this.#server.tryShutdown(() => undefined);
    await this.#within(Promise.all([this.#calls.ended(), this.#door.emptied()]));
    this.#server.forceShutdown();
    await this.#door[Symbol.asyncDispose]();
  }

  /** Waits for work to end, but no longer than the grace. */
  async #within(work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const grace = this.#clock.sleep(this.#drainMs, over.signal).catch(() => undefined);
    await Promise.race([work, grace]);
    over.abort();
  }
}

/** The standard health service, for the whole server ("") and for each service by its full name. */
class Health {
  readonly #implementation: HealthImplementation;
  readonly #names: readonly string[];

  constructor(services: readonly RpcService[], server: Server) {
    this.#names = ["", ...services.map(({ definition }) => nameOf(definition))];
    this.#implementation = new HealthImplementation();
    this.setServing(true);
    this.#implementation.addToServer(server);
  }

  setServing(isServing: boolean): void {
    for (const name of this.#names)
      this.#implementation.setStatus(name, isServing ? "SERVING" : "NOT_SERVING");
  }
}

/** A service's full name, which its methods' paths begin with: "/chorus.v1.OperatorService/StartRun". */
function nameOf(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method?.path.split("/")[1] ?? "";
}

/** Our own descriptions, for reflection only: messages are coded by ts-proto. */
function loadOwnProtos() {
  const participant = fileURLToPath(
    import.meta.resolve("@chorus/proto/chorus/v1/participant.proto"),
  );
  const root = participant.slice(0, -"chorus/v1/participant.proto".length);
  return loadSync([participant, `${root}chorus/v1/operator.proto`, healthProto], {
    includeDirs: [root],
  });
}

import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { FrontDoor } from "./front-door.ts";
import { widenSessions, widenStreams } from "./receive-window.ts";

const maxMessageBytes = 4 * 1_048_576;
/** Grace for calls in flight when the server closes. */
const drainMs = 2_000;

/** A gRPC server with health and reflection that listens behind the front door. */
export interface RpcServer extends AsyncDisposable {
  readonly port: number;
  /** What the health service answers from now on. */
  setServing(isServing: boolean): void;
}

/**
 * Listens with the services that `addServices` adds. Rejects with the system's error when the address cannot be had.
 * Settings: messages of at most 4 MiB; keep-alive that notices a dead peer in 7 s (measured; the default never does).
 */
export async function openRpcServer(
  address: { readonly host: string; readonly port: number },
  addServices: (server: Server) => void,
): Promise<RpcServer> {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc.max_concurrent_streams": 32,
    "grpc.keepalive_time_ms": 5_000,
    "grpc.keepalive_timeout_ms": 2_000,
    "grpc.keepalive_permit_without_calls": 1,
  });
  widenStreams(server);
  addServices(server);
  const health = new HealthImplementation({ "": "SERVING" });
  health.addToServer(server);
  new ReflectionService(loadOwnProtos()).addToServer(server);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  widenSessions(server);
  const door = await FrontDoor.open(address, injector);
  return {
    port: door.port,
    setServing: (isServing) => health.setStatus("", isServing ? "SERVING" : "NOT_SERVING"),
    async [Symbol.asyncDispose]() {
      door.stopListening();
      await Promise.race([shutDown(server), setTimeout(drainMs, undefined, { ref: false })]);
      server.forceShutdown();
      injector.destroy();
      await door[Symbol.asyncDispose]();
    },
  };
}

/** Lets calls in flight end. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
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

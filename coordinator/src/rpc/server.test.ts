import { once } from "node:events";
import { connect } from "node:net";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath } from "grpc-health-check";
import { expect, test } from "vitest";
import { openRpcServer } from "./server.ts";

const loopback = { host: "127.0.0.1", port: 0 };

interface HealthClient {
  check(request: object, callback: (error: Error | null, reply: { status: string }) => void): void;
  close(): void;
}

function healthClient(port: number): HealthClient {
  const loaded = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: new (...args: unknown[]) => HealthClient } } };
  };
  return new loaded.grpc.health.v1.Health(`127.0.0.1:${port}`, credentials.createInsecure());
}

function statusOf(client: HealthClient): Promise<string> {
  return new Promise((resolve, reject) =>
    client.check({ service: "" }, (error, reply) =>
      error === null ? resolve(reply.status) : reject(error),
    ),
  );
}

test("any gRPC tool sees health, and health follows readiness", async () => {
  await using server = await openRpcServer(loopback, () => undefined);
  const client = healthClient(server.port);
  expect(await statusOf(client)).toBe("SERVING");
  server.setServing(false);
  expect(await statusOf(client)).toBe("NOT_SERVING");
  client.close();
});

test("connections that say nothing are cut, while others are served", async () => {
  await using server = await openRpcServer(loopback, () => undefined);
  const silent = Array.from({ length: 50 }, () => connect(server.port, "127.0.0.1").resume());
  const cut = Promise.all(silent.map((socket) => once(socket, "close")));
  const client = healthClient(server.port);
  expect(await statusOf(client)).toBe("SERVING");
  await cut;
  expect(await statusOf(client)).toBe("SERVING");
  client.close();
});

test("garbage instead of HTTP/2 ends that connection and nothing else", async () => {
  await using server = await openRpcServer(loopback, () => undefined);
  const socket = connect(server.port, "127.0.0.1").resume();
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: nobody\r\n\r\n");
  await once(socket, "close");
  const client = healthClient(server.port);
  expect(await statusOf(client)).toBe("SERVING");
  client.close();
});

test("a port in use is the system's own error, at once", async () => {
  await using server = await openRpcServer(loopback, () => undefined);
  await expect(
    openRpcServer({ host: "127.0.0.1", port: server.port }, () => undefined),
  ).rejects.toMatchObject({ code: "EADDRINUSE" });
});

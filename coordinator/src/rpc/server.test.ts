import { once } from "node:events";
import { connect } from "node:net";
import { credentials, loadPackageDefinition, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath } from "grpc-health-check";
import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { RawClient, type RawHandlers, rawService } from "../testing/raw-service.ts";
import { openTestServer } from "../testing/rpc-server.ts";
import type { Calls } from "./calls.ts";

const noHandlers: RawHandlers = {
  ask: () => Promise.reject(new Error("not asked")),
  upload: () => Promise.reject(new Error("not asked")),
  download: async function* () {},
  watch: async function* () {},
};

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

function statusOf(client: HealthClient, service = ""): Promise<string> {
  return new Promise((resolve, reject) =>
    client.check({ service }, (error, reply) =>
      error === null ? resolve(reply.status) : reject(error),
    ),
  );
}

test("any gRPC tool sees the health of the server and of each service, until it drains", async () => {
  const servicesOf = (calls: Calls) => [rawService(calls, noHandlers)];
  await using server = await openTestServer({ servicesOf });
  const client = healthClient(server.port);
  const services = ["", "chorus.test.RawService"];
  for (const service of services) expect(await statusOf(client, service)).toBe("SERVING");
  await expect(statusOf(client, "RawService")).rejects.toMatchObject({ code: status.NOT_FOUND });
  await server.drain();
  for (const service of services) expect(await statusOf(client, service)).toBe("NOT_SERVING");
  client.close();
});

test("connections that say nothing are cut after ten seconds, while others are served", async () => {
  const clock = new FakeClock();
  await using server = await openTestServer({ clock });
  const silent = Array.from({ length: 50 }, () => connect(server.port, "127.0.0.1").resume());
  const cut = Promise.all(silent.map((socket) => once(socket, "close")));
  await Promise.all(silent.map((socket) => once(socket, "connect")));
  const client = healthClient(server.port);
  expect(await statusOf(client)).toBe("SERVING");
  client.close();
  clock.advance(10_000);
  await cut;
  const later = healthClient(server.port);
  expect(await statusOf(later)).toBe("SERVING");
  later.close();
});

test("garbage instead of HTTP/2 ends that connection and nothing else", async () => {
  await using server = await openTestServer();
  const socket = connect(server.port, "127.0.0.1").resume();
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: nobody\r\n\r\n");
  await once(socket, "close");
  const client = healthClient(server.port);
  expect(await statusOf(client)).toBe("SERVING");
  client.close();
});

test("a message of 1 MiB and 64 KiB is taken, and one byte more refused", async () => {
  const ask = (request: Buffer) => Promise.resolve(Buffer.from(`${request.length} bytes`));
  const servicesOf = (calls: Calls) => [rawService(calls, { ...noHandlers, ask })];
  await using server = await openTestServer({ servicesOf });
  using client = new RawClient(server.port);
  const most = 1_048_576 + 65_536;
  expect(await client.ask("a".repeat(most))).toBe(`${most} bytes`);
  await expect(client.ask("a".repeat(most + 1))).rejects.toThrow("RESOURCE_EXHAUSTED");
});

test("a message of 4 MiB is sent", async () => {
  const ask = () => Promise.resolve(Buffer.alloc(4 * 1_048_576 - 16, "a"));
  const servicesOf = (calls: Calls) => [rawService(calls, { ...noHandlers, ask })];
  await using server = await openTestServer({ servicesOf });
  using client = new RawClient(server.port);
  expect(await client.ask("?")).toHaveLength(4 * 1_048_576 - 16);
});

test("a port in use is the system's own error, at once", async () => {
  await using server = await openTestServer();
  await expect(openTestServer({ port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

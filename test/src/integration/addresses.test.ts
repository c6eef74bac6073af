import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type CoordinatorConfig, parseConfig, startCoordinator } from "@chorus/coordinator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { TestLog } from "../support/log.ts";
import { patienceMs } from "../support/patience.ts";

type Address = "grpcAddress" | "httpAddress";

const opened = new AsyncDisposableStack();
let folder: TemporaryFolder;
let takenAddress: string;

/** A port that another program has. */
beforeAll(async () => {
  folder = opened.use(await temporaryFolder());
  const other = opened.use(createServer());
  await once(other.listen(0, "127.0.0.1"), "listening");
  takenAddress = `127.0.0.1:${(other.address() as AddressInfo).port}`;
});

afterAll(() => opened.disposeAsync());

function configured(changed: Partial<Pick<CoordinatorConfig, Address>>): CoordinatorConfig {
  return parseConfig({
    directory: join(folder.path, "coordinator"),
    grpcAddress: "127.0.0.1:0",
    httpAddress: "127.0.0.1:0",
    chain: { kind: "embedded" },
    ...changed,
  });
}

function started(config: CoordinatorConfig) {
  const { logger: log } = new TestLog();
  return startCoordinator(config, { log }, AbortSignal.timeout(patienceMs));
}

test.each<[string, Address]>([
  ["gRPC", "grpcAddress"],
  ["HTTP", "httpAddress"],
])(
  "a port for %s that another program has is named, with what to do, and nothing stays open",
  async (purpose, address) => {
    await expect(started(configured({ [address]: takenAddress }))).rejects.toMatchObject({
      name: "CoordinatorError",
      code: "address-in-use",
      message: `cannot listen on ${takenAddress} for ${purpose}: got a port that another program has, wanted a free one; stop that program, or choose another port`,
    });
    await using coordinator = await started(configured({}));
    expect(coordinator.grpcPort).toBeGreaterThan(0);
  },
  patienceMs,
);

test.each<[string, Address]>([
  ["gRPC", "grpcAddress"],
  ["HTTP", "httpAddress"],
])(
  "an address for %s that this machine does not have is named, with what to do",
  async (purpose, address) => {
    // TEST-NET-1 of RFC 5737: no machine's.
    const refused = started(configured({ [address]: "192.0.2.1:7070" }));
    await expect(refused).rejects.toMatchObject({
      code: "address-refused",
      message: `cannot listen on 192.0.2.1:7070 for ${purpose} (EADDRNOTAVAIL): got an address that this machine does not have: wanted one of its own, or 0.0.0.0`,
    });
  },
  patienceMs,
);

test.each<[string, string]>([
  ["127.0.0.1:65536", "got port 65536, wanted one from 0 (any free one) to 65535"],
  ["[::1]:123456789", "got port 123456789, wanted one from 0 (any free one) to 65535"],
  ["127.0.0.1", "got 127.0.0.1, wanted host:port, for example 127.0.0.1:7070"],
  ["7070", "got 7070, wanted host:port, for example 127.0.0.1:7070"],
  ["here:-1", "got here:-1, wanted host:port, for example 127.0.0.1:7070"],
])("%s is no address: %s", (address, told) => {
  for (const field of ["grpcAddress", "httpAddress"])
    expect(() => configured({ [field]: address })).toThrow(`${field}: ${told}`);
  expect(configured({ grpcAddress: "[::1]:65535" }).grpcAddress).toBe("[::1]:65535");
});

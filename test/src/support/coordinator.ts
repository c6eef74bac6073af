import {
  type CoordinatorConfig,
  type RunningCoordinator,
  startCoordinator,
} from "@chorus/coordinator";
import { pino } from "pino";

/** Starts a coordinator on free ports of loopback with an embedded chain in `directory`. */
export function startTestCoordinator(
  directory: string,
  config: Partial<CoordinatorConfig> = {},
): Promise<RunningCoordinator> {
  return startCoordinator(
    {
      directory,
      federationName: "test",
      grpcAddress: "127.0.0.1:0",
      httpAddress: "127.0.0.1:0",
      chain: { kind: "embedded" },
      ...config,
    },
    { log: pino({ level: process.env["CHORUS_TEST_LOG"] ?? "silent" }) },
    AbortSignal.timeout(60_000),
  );
}

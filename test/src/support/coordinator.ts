import {
  type Clock,
  type CoordinatorConfig,
  type RunningCoordinator,
  startCoordinator,
} from "@chorus/coordinator";
import { TestLog } from "./log.ts";

/** How participants and operators find a coordinator. */
export type CoordinatorAddress = Pick<
  RunningCoordinator,
  "grpcPort" | "invitationFile" | "operatorTokenFile"
>;

/** A coordinator in this process. */
export interface TestCoordinator extends RunningCoordinator {
  /** Its data directory. */
  readonly directory: string;
  readonly log: TestLog;
}

/** A coordinator with an embedded chain on free ports of loopback. */
export function loopbackConfig(directory: string, federationName: string): CoordinatorConfig {
  return {
    directory,
    federationName,
    grpcAddress: "127.0.0.1:0",
    httpAddress: "127.0.0.1:0",
    chain: { kind: "embedded" },
  };
}

/** Starts a coordinator on free ports of loopback, with an embedded chain unless told otherwise, in `directory`. */
export async function startTestCoordinator(
  directory: string,
  options: { readonly chain?: CoordinatorConfig["chain"]; readonly clock?: Clock } = {},
): Promise<TestCoordinator> {
  const log = new TestLog();
  const config = loopbackConfig(directory, "test");
  const { chain = config.chain, clock } = options;
  const running = await startCoordinator(
    { ...config, chain },
    { log: log.logger, ...(clock === undefined ? {} : { clock }) },
    AbortSignal.timeout(60_000),
  );
  return { ...running, directory, log };
}

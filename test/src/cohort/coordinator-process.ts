import { once } from "node:events";
import { startCoordinator } from "@chorus/coordinator";
import { childLog, childOptions, parentSignal } from "../support/child-side.ts";
import { loopbackConfig } from "../support/coordinator.ts";
import { UsageMeter } from "./usage.ts";

/** What a coordinator in a process of its own is started with. */
export interface CoordinatorProcessOptions {
  /** Its data directory. */
  readonly directory: string;
}

const { directory } = childOptions<CoordinatorProcessOptions>();
const log = childLog();
const signal = parentSignal();
await using coordinator = await startCoordinator(
  loopbackConfig(directory, "cohort"),
  { log },
  signal,
);
const { grpcPort, invitationFile, operatorTokenFile } = coordinator;
using meter = new UsageMeter();
log.info({ grpcPort, invitationFile, operatorTokenFile }, "serving");
if (!signal.aborted) await once(signal, "abort");
log.info({ ...meter.usage }, "used");

import type { BackendName } from "@chorus/client";
import { type Command, Option } from "commander";

/** What commands that train take. */
export interface BackendOptions {
  readonly backend?: BackendName;
}

/** The client's names: a command's help does not load it. */
const names = ["tensorflow", "webgpu", "wasm", "cpu"] satisfies readonly BackendName[];

/** Adds --backend. */
export function withBackendOption(command: Command): Command {
  return command.addOption(
    new Option(
      "--backend <name>",
      "what trains; default: the fastest of this machine that is right",
    ).choices(names),
  );
}

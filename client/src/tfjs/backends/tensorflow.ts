import { createRequire } from "node:module";
import {
  backend,
  version_core as coreVersion,
  findBackendFactory,
  removeBackend,
  setBackend,
} from "@tensorflow/tfjs-core";
import { z } from "zod";
import { ClientError } from "../../error.ts";
import type { OpenBackend, Rung } from "./backend.ts";
import { SteadyBackend } from "./steady-backend.ts";

/** The native TensorFlow library, where somebody installed one of TensorFlow.js' packages for it. Never installed by us. */
export const TENSORFLOW: Rung = {
  name: "tensorflow",
  open: () => openTensorflow(createRequire(import.meta.url)),
};

/** The first that is installed is taken. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

/** The package that is installed where `require` looks, or undefined. */
export function installedTensorflow(require: NodeJS.Require): string | undefined {
  return PACKAGES.find((name) => resolved(require, `${name}/package.json`) !== undefined);
}

/**
 * Loads the package that `require` finds. Throws {@link ClientError} `backend-failed` where there is none, its version is not ours,
 * its native part or a library that this wants is missing, or it brings a TensorFlow.js of its own.
 */
export async function openTensorflow(require: NodeJS.Require): Promise<OpenBackend> {
  const name = installedTensorflow(require);
  if (name === undefined) throw failed(`neither ${PACKAGES.join(" nor ")} is installed`);
  const { version } = PACKAGE_FILE.parse(require(`${name}/package.json`));
  if (version !== coreVersion) {
    throw failed(
      `${name} is version ${version}, wanted ${coreVersion}: npm install ${name}@${coreVersion}`,
    );
  }
  restoreUtilities(require);
  // Else the library writes what it thinks of the processor between the lines of the log.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "1";
  try {
    require(name);
  } catch (cause) {
    throw failed(whyNot(name, cause), { cause });
  }
  if (findBackendFactory("tensorflow") === null) {
    throw failed(
      `${name} brings a TensorFlow.js of its own: npm dedupe, then \`npm ls @tensorflow/tfjs-core\` must name one`,
    );
  }
  if (!(await setBackend("tensorflow"))) {
    removeBackend("tensorflow");
    throw failed(`${name} is loaded, but its library does not start`);
  }
  return new SteadyBackend("tensorflow", `${name}, ${deviceOf(backend(), name)}`);
}

const PACKAGE_FILE = z.object({ version: z.string() });

function failed(message: string, options?: ErrorOptions): ClientError {
  return new ClientError("backend-failed", message, options);
}

function resolved(require: NodeJS.Require, request: string): string | undefined {
  try {
    return require.resolve(request);
  } catch {
    return undefined;
  }
}

/** TensorFlow.js 4.22 for Node calls two functions that Node 23 took away (tfjs issue 8609). */
function restoreUtilities(require: NodeJS.Require): void {
  const util = require("node:util");
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** What is missing, and what to do, from what loading it says. */
export function whyNot(name: string, cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [line = ""] = text.split("\n", 1);
  if (text.includes("tfjs_binding.node) can not")) {
    return `${name}'s native part is not built: npm rebuild ${name} --build-addon-from-source, or see docs/backends.md`;
  }
  const library = /(\S+\.so[.\d]*): cannot open shared object file/.exec(text)?.[1];
  if (library?.includes("tensorflow") === true) {
    return `${name} does not find ${library}: put libtensorflow into its folder deps/lib, see docs/backends.md`;
  }
  if (library !== undefined) {
    return `${name} does not find ${library}: install what it belongs to (CUDA, cuDNN) in the version that libtensorflow wants, and name its folder in LD_LIBRARY_PATH`;
  }
  if (/NODE_MODULE_VERSION|napi/i.test(text)) {
    return `${name}'s native part is built for another Node: npm rebuild ${name} --build-addon-from-source`;
  }
  return `${name} does not load: ${line}`;
}

/** A library that finds no CUDA, or none that it knows, computes on the processor and says nothing. */
function deviceOf(loaded: object, name: string): string {
  if ("isUsingGpuDevice" in loaded && loaded.isUsingGpuDevice === true) return "GPU";
  return name.endsWith("-gpu")
    ? "CPU, as it finds no GPU with the CUDA that it was built for"
    : "CPU";
}

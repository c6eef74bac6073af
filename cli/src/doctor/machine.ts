import { rm, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { CliError } from "../cli-error.ts";
import { readRunningInfo } from "../operator/connection.ts";
import { formatBytes, formatTime } from "../terminal/format.ts";
import { requireWritableFolder } from "../writable-folder.ts";
import { type Check, type Finding, fail, ok, warn } from "./finding.ts";

/** The release that types are stripped in without a flag or a warning. */
const wantedNodeMajor = 24;
/** A clock before this is wrong: this software is younger. */
const earliestMs = Date.UTC(2025, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);

/** Whether this Node runs this software. `version`: like process.versions.node. */
export function checkNode(version: string): Finding {
  const major = Number(version.split(".")[0]);
  if (major >= wantedNodeMajor) return ok("node", version);
  return fail(
    "node",
    version,
    `Use Node ${wantedNodeMajor} or later: npm run chorus takes the one it installs.`,
  );
}

/** Whether a folder can be written, and no coordinator has it. */
export function checkDataDirectory(path: string): Check {
  return async () => {
    const name = "data directory";
    const running = await readRunningInfo(path);
    if (running !== undefined) {
      return warn(
        name,
        `${path} is in use by process ${running.pid} on ${running.grpcAddress}`,
        "Nothing to do if that is your coordinator; else stop it or choose another --data-dir.",
      );
    }
    try {
      const made = await requireWritableFolder("--data-dir", path);
      if (made !== undefined) await rm(made, { recursive: true });
      return ok(name, `${path} can be written`);
    } catch (error) {
      if (error instanceof CliError) return fail(name, error.message, error.hint);
      throw error;
    }
  };
}

/** Whether an address "host:port" is free. */
export function checkAddress(name: string, address: string): Check {
  return async () => {
    const split = address.lastIndexOf(":");
    const [host, port] = [address.slice(0, split), Number(address.slice(split + 1))];
    const problem = await listenProblem(host, port);
    if (problem === undefined) return ok(name, `${address} is free`);
    return warn(
      name,
      `${address} cannot be had: ${problem}`,
      "Nothing to do if that is your coordinator; else choose another address with --grpc or --http.",
    );
  };
}

/** Whether there is room for models and logs beside `path`, which exists. */
export function checkDisk(path: string): Check {
  return async () => {
    const name = "disk space";
    const { bavail, bsize } = await statfs(path);
    const freeBytes = bavail * bsize;
    const found = `${formatBytes(freeBytes)} free in ${path}`;
    if (freeBytes < 100e6) return fail(name, found, "Free at least 1 GB.");
    return freeBytes < 1e9 ? warn(name, found, "Free at least 1 GB.") : ok(name, found);
  };
}

/** Whether the clock can be right. `nowMs` since 1970. */
export function checkClock(nowMs: number): Finding {
  const found = `${formatTime(nowMs)} UTC`;
  if (nowMs >= earliestMs && nowMs < latestMs) return ok("clock", found);
  return fail("clock", found, "Set the clock: deadlines and the chain's blocks use it.");
}

/** Whether the processes of a federation fit. `freeBytes`: what this process may still take. */
export function checkMemory(freeBytes: number): Finding {
  const found = `${formatBytes(freeBytes)} available`;
  if (freeBytes < 256e6)
    return fail("memory", found, "A coordinator or participant needs about 300 MB.");
  if (freeBytes < 2e9) return warn("memory", found, "The demo, five processes, needs about 2 GB.");
  return ok("memory", found);
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once("error", (error) => resolve(error.message));
  server.listen(port, host, () => server.close(() => resolve(undefined)));
  return promise;
}

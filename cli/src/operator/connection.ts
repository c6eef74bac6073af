import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";

/** How a command is told which coordinator it is about. */
export interface CoordinatorChoice {
  /** Folder of a coordinator on this machine. */
  readonly dataDirectory: string;
  /** host:port of a coordinator anywhere; needs `tokenFile`. Undefined: the one of the data directory. */
  readonly coordinator: string | undefined;
  readonly tokenFile: string | undefined;
}

/** Where a coordinator is reached, and the token that its operators show. */
export interface CoordinatorAddress {
  readonly grpcAddress: string;
  readonly token: string;
}

/** What a coordinator leaves in its data directory while it serves. */
export interface RunningInfo {
  readonly pid: number;
  readonly grpcAddress: string;
  readonly httpAddress: string;
  /** Which kind of chain it commits to: "embedded" or "rpc". */
  readonly chain: string;
  /** The account that commits rounds, 0x and 40 digits. */
  readonly committer: string;
}

const runningInfo: z.ZodType<RunningInfo> = z.object({
  pid: z.int().positive(),
  grpcAddress: z.string().min(1),
  httpAddress: z.string().min(1),
  chain: z.string(),
  committer: z.string(),
});

/** What the coordinator of a data directory wrote about itself, or undefined when none is running there. */
export async function readRunningInfo(dataDirectory: string): Promise<RunningInfo | undefined> {
  const text = await readIfThere(join(dataDirectory, "coordinator.json"));
  if (text === undefined) return undefined;
  const info = runningInfo.safeParse(parseJson(text));
  if (!info.success || !isAlive(info.data.pid)) return undefined;
  return info.data;
}

/** Finds the coordinator. Throws {@link CliError} `not-running` or `wrong-usage`. */
export async function locateCoordinator(choice: CoordinatorChoice): Promise<CoordinatorAddress> {
  if (choice.coordinator !== undefined) {
    if (choice.tokenFile === undefined)
      throw new CliError(
        "wrong-usage",
        "--coordinator needs the operator's token",
        "Add --token-file with a copy of the file operator-token from the coordinator's data directory.",
      );
    return { grpcAddress: choice.coordinator, token: await readToken(choice.tokenFile) };
  }
  const info = await readRunningInfo(choice.dataDirectory);
  if (info === undefined)
    throw new CliError(
      "not-running",
      `no coordinator is running in ${choice.dataDirectory}`,
      "Start one with `chorus coordinator serve`, or name one with --data-dir or --coordinator.",
    );
  const tokenFile = choice.tokenFile ?? join(choice.dataDirectory, "operator-token");
  return { grpcAddress: info.grpcAddress, token: await readToken(tokenFile) };
}

async function readToken(path: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === undefined || text.trim() === "")
    throw new CliError(
      "wrong-usage",
      `${path} holds no operator token`,
      "Name the file operator-token of the coordinator's data directory with --token-file.",
    );
  return text.trim();
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new CliError("failed", `cannot read ${path}`, "Check who may read it.", { cause });
  }
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ENOENT" || error.code === "ENOTDIR")
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

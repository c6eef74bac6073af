import { once } from "node:events";
import type { RunningCoordinator } from "@chorus/coordinator";
import type { Command } from "commander";
import { chainHost } from "../chain-url.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { shortHash } from "../terminal/format.ts";
import { createLogger } from "../terminal/logger.ts";
import { formatFields } from "../terminal/table.ts";
import { requireWritableFolder } from "../writable-folder.ts";
import { type LogOptions, withCommonOptions, withLogOptions } from "./help.ts";

interface ServeOptions extends LogOptions {
  readonly dataDir: string;
  readonly name?: string;
  readonly grpc: string;
  readonly http: string;
  readonly chainUrl?: string;
  readonly contract?: string;
}

/** What `coordinator serve --json` prints when it is ready: the second line, after the configuration. */
export interface ServingLine {
  readonly event: "serving";
  readonly pid: number;
  readonly federationId: string;
  readonly federationName: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly invitationFile: string;
  readonly operatorTokenFile: string;
  /** "embedded" or "rpc". */
  readonly chain: string;
}

/** Adds `coordinator serve`. */
export function addCoordinatorServe(parent: Command, context: CommandContext): void {
  const command = parent
    .command("serve")
    .description("serve a federation until interrupted; runs that were running go on")
    .option("--data-dir <folder>", "where the federation is kept; made when missing", "chorus-data")
    .option(
      "--name <name>",
      'the federation\'s name; default: the one that is there, or "federation"',
    )
    .option(
      "--grpc <host:port>",
      "address for participants and operators; port 0 takes a free one",
      "127.0.0.1:7070",
    )
    .option("--http <host:port>", "address for metrics, health and chain", "127.0.0.1:7071")
    .option("--chain-url <url>", "JSON-RPC of a chain elsewhere; default: the embedded chain")
    .option("--contract <address>", "the ledger's contract on that chain; default: deploy one")
    .action((options: ServeOptions) => serve(options, context));
  withLogOptions(command);
  withCommonOptions(command, [
    "chorus coordinator serve --name hospitals",
    "chorus coordinator serve --data-dir /srv/chorus --grpc 0.0.0.0:7070 --json",
  ]);
}

async function serve(options: ServeOptions, context: CommandContext): Promise<void> {
  const { signal, stderr } = context;
  const out = context.terminal(options.json);
  const isHuman = !options.json && stderr.isTTY === true;
  const log = createLogger(stderr, { level: options.logLevel, isHuman });
  const chain = chainOf(options);
  const shown = { ...options, ...(chain.kind === "rpc" ? { chainUrl: chainHost(chain.url) } : {}) };
  const { parseConfig, startCoordinator } = await import("@chorus/coordinator");
  const config = parseConfig({
    directory: options.dataDir,
    federationName: options.name,
    grpcAddress: options.grpc,
    httpAddress: options.http,
    chain,
  });
  out.show({ event: "configuration", ...shown }, () => configurationText(shown));
  await requireWritableFolder("--data-dir", options.dataDir);
  await using coordinator = await startCoordinator(config, { log }, signal);
  out.show(servingLine(coordinator, options), (line) => servingText(line, options));
  if (!signal.aborted) await once(signal, "abort");
}

function chainOf({ chainUrl, contract }: ServeOptions) {
  if (chainUrl === undefined) {
    if (contract === undefined) return { kind: "embedded" } as const;
    throw new CliError(
      "wrong-usage",
      "--contract needs --chain-url",
      "Name the chain that it is on.",
    );
  }
  if (contract === undefined) return { kind: "rpc", url: chainUrl } as const;
  if (!isAddress(contract))
    throw new CliError(
      "wrong-usage",
      `--contract is ${contract}`,
      "Give an address: 0x and 40 hexadecimal digits.",
    );
  return { kind: "rpc", url: chainUrl, contract } as const;
}

function isAddress(text: string): text is `0x${string}` {
  return /^0x[0-9a-fA-F]{40}$/.test(text);
}

function servingLine(coordinator: RunningCoordinator, { chainUrl }: ServeOptions): ServingLine {
  const { federation, grpcPort, httpPort, invitationFile, operatorTokenFile } = coordinator;
  return {
    event: "serving",
    pid: process.pid,
    federationId: federation.federationId,
    federationName: federation.name,
    grpcPort,
    httpPort,
    invitationFile,
    operatorTokenFile,
    chain: chainUrl === undefined ? "embedded" : "rpc",
  };
}

function servingText(line: ServingLine, { grpc, http }: ServeOptions): string {
  const grpcAddress = withPort(grpc, line.grpcPort);
  const fields = formatFields([
    ["federation", `${line.federationName} (${shortHash(line.federationId)})`],
    ["gRPC", grpcAddress],
    ["HTTP", `http://${withPort(http, line.httpPort)}`],
    ["chain", line.chain],
    ["invitation", line.invitationFile],
    ["operator token", line.operatorTokenFile],
  ]);
  const join = `chorus participant run --coordinator ${grpcAddress} --invitation-file ${line.invitationFile} --name NAME --data PATH`;
  return `${fields}\n\nTo take part:   ${join}\nTo start a run: chorus run start plan.json`;
}

/** The configuration in one line. `options`: by name, without secrets. */
export function configurationText(options: object): string {
  const settings = Object.entries(options)
    .filter(([name, value]) => name !== "json" && value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`);
  return `configuration ${settings.join(" ")}`;
}

function withPort(address: string, port: number): string {
  return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
}

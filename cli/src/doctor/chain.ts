import { httpTransport, LedgerError, openEmbeddedChain, type Provider } from "@chorus/chain";
import { pathsIn } from "@chorus/coordinator";
import { z } from "zod";
import { chainHost } from "../chain-url.ts";
import { readRunningInfo } from "../operator/connection.ts";
import { type Check, type Finding, fail, ok, warn } from "./finding.ts";

const name = "chain";
const timeoutMs = 10_000;
const quantity = z.string().regex(/^0x[0-9a-f]{1,13}$/i);

/**
 * Whether the chain answers that rounds would be committed to: the one at `url`, else the data directory's. Throws
 * {@link CliError} `wrong-usage` for a URL that is none.
 */
export function checkChain(url: string | undefined, dataDirectory: string): Check {
  if (url !== undefined) {
    const host = chainHost(url);
    return () => askNode(url, host);
  }
  return async () => {
    const running = await readRunningInfo(dataDirectory);
    if (running?.chain === "embedded")
      return await askNode(`http://${running.httpAddress}/chain`, running.httpAddress);
    if (running !== undefined)
      return warn(name, "the coordinator commits to a chain elsewhere", "Name it: --chain-url.");
    return await askEmbedded(pathsIn(dataDirectory).chain);
  };
}

/** Asks by JSON-RPC. `host`: all of the address that may be shown. */
async function askNode(url: string, host: string): Promise<Finding> {
  const transport = httpTransport(url)({ retryCount: 0, timeout: timeoutMs });
  try {
    return await describeChain(`the chain at ${host}`, transport);
  } catch {
    // The error is not told: it quotes the address, which may hold a key.
    const advice = "Check the address with its key, and that this machine can reach it.";
    return fail(name, `${host} does not answer as an Ethereum node does`, advice);
  }
}

/** Opens the embedded chain to look at it. */
async function askEmbedded(directory: string): Promise<Finding> {
  try {
    const options = { directory, account: undefined, mustExist: true, now: Date.now };
    await using chain = await openEmbeddedChain(options);
    return await describeChain("the embedded chain", chain.provider);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    if (error.code === "missing-chain") return ok(name, "embedded, not made yet");
    if (error.code === "locked") return warn(name, error.message, "Try again in a moment.");
    return fail(name, error.message, "Restore the data directory from a backup.");
  }
}

async function describeChain(which: string, node: Pick<Provider, "request">): Promise<Finding> {
  const ask = async (method: string): Promise<number> =>
    Number(quantity.parse(await node.request({ method })));
  const [id, block] = [await ask("eth_chainId"), await ask("eth_blockNumber")];
  return ok(name, `${which} answers: chain id ${id}, block ${block}`);
}

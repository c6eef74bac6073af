import { CliError } from "./cli-error.ts";

/**
 * The host of a chain's address: all of it that may be shown, as the path or the query often hold a provider's key.
 * Throws {@link CliError} `wrong-usage`, without quoting it, for what is no HTTP address.
 */
export function chainHost(chainUrl: string): string {
  const url = URL.parse(chainUrl);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.host;
  throw new CliError(
    "wrong-usage",
    "--chain-url is no HTTP address (it is not shown, as it may hold a key)",
    "Give the chain's JSON-RPC address, for example https://rpc.example.org/KEY.",
  );
}

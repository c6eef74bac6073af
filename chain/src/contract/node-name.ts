import { LedgerError } from "../ledger.ts";

/** Shorter parts of an address are words like "rpc" and "mainnet". */
const shortestSecret = 8;

/** An Ethereum node, named so that no secret of its URL shows. */
export interface NodeName {
  /** For people: "the chain at node.example:8545". */
  readonly name: string;
  /** The text without any part of the URL that may be a key. */
  readonly redact: (text: string) => string;
}

/** How errors name the node with that URL; undefined: a chain that is not reached by one. Throws LedgerError `bad-address`. */
export function nodeName(url: string | undefined): NodeName {
  if (url === undefined) return { name: "the chain", redact: withoutUrls };
  const { host, pathname, search, username, password, hash } = parsedUrl(url);
  const parts = [username, password, ...`${pathname}${search}${hash}`.split(/[/?&=#]/)];
  const secrets = parts
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= shortestSecret);
  return {
    name: `the chain at ${host}`,
    redact: (text) =>
      secrets.reduce((redacted, secret) => redacted.replaceAll(secret, "…"), withoutUrls(text)),
  };
}

/** The URL of a node. Throws LedgerError `bad-address`, without the text, which may hold a key. */
export function parsedUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed;
  const got = parsed === null ? "no URL" : `a URL that begins with ${parsed.protocol}`;
  throw new LedgerError(
    "bad-address",
    `the chain's address: got ${got}, wanted http:// or https://`,
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function withoutUrls(text: string): string {
  return text.replace(/\b[a-z]+:\/\/\S+/gi, "<url>");
}

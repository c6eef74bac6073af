import { hostAndPort } from "./config.ts";
import { CoordinatorError } from "./error.ts";

/** An address of the coordinator, and what it is for. */
export interface Listening {
  readonly purpose: "gRPC" | "HTTP";
  /** host:port */
  readonly address: string;
}

const refusals: Readonly<Record<string, string>> = {
  EACCES: "got a port that this user may not take: wanted one above 1023, or the permission",
  EADDRNOTAVAIL:
    "got an address that this machine does not have: wanted one of its own, or 0.0.0.0",
  EAFNOSUPPORT: "got an address of a kind that this machine does not have: wanted another one",
  ENOTFOUND: "got a host name that nobody knows: wanted an address of this machine",
  EAI_AGAIN: "got a host name that cannot be looked up now: wanted an address of this machine",
};

/**
 * Opens what listens at an address. Throws {@link CoordinatorError} `address-in-use` or `address-refused`, saying which
 * address it was, what for, and what would do.
 */
export async function listening<T>(
  { purpose, address }: Listening,
  open: (address: { host: string; port: number }) => Promise<T>,
): Promise<T> {
  try {
    return await open(hostAndPort(address));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const where = `cannot listen on ${address} for ${purpose}`;
    if (code === "EADDRINUSE")
      throw new CoordinatorError(
        "address-in-use",
        `${where}: got a port that another program has, wanted a free one; stop that program, or choose another port`,
        { cause },
      );
    const refusal = refusals[code];
    if (refusal === undefined) throw cause;
    throw new CoordinatorError("address-refused", `${where} (${code}): ${refusal}`, { cause });
  }
}

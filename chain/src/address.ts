import { type Address, getAddress, isAddress } from "viem";
import { LedgerError } from "./ledger.ts";

/**
 * The address that a person or a file gave, in EIP-55's capitals; given in any. Throws {@link LedgerError} `bad-address` for
 * anything else; `what` names it there.
 */
export function addressFrom(text: string, what: string): Address {
  if (isAddress(text, { strict: false })) return getAddress(text);
  const got = text === "" ? "nothing" : JSON.stringify(text);
  throw new LedgerError("bad-address", `${what}: got ${got}, wanted 0x and 40 hexadecimal digits`);
}

import { join } from "node:path";

import type { ChainPaths } from "../chain-access.ts";

/** Where a coordinator whose data directory is the folder would keep what belongs to the chain. */
export function chainPathsIn(folder: string): ChainPaths {
  return {
    chain: join(folder, "chain"),
    key: join(folder, "key"),
    contract: join(folder, "contract"),
  };
}

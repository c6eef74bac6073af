/** CPU seconds of Flower's SecAgg+, as bench/flower/secagg_plus.py prints them. */
export interface FlowerParts {
  readonly versions: { readonly flwr: string; readonly numpy: string; readonly python: string };
  /** A client's four stages, each a whole message of a round. */
  readonly client: Readonly<Record<string, number>>;
  /** The masked vector that a client sends. */
  readonly sentBytes: number;
  /** One for each number of survivors that was asked for. */
  readonly servers: readonly FlowerServerParts[];
}

/** What the server's workflow calls, once each. */
export interface FlowerServerParts {
  readonly survivors: number;
  readonly decode: number;
  readonly add: number;
  readonly modulo: number;
  readonly combineSelfMaskSeed: number;
  readonly combineMaskKey: number;
  readonly expandMask: number;
  readonly subtractMask: number;
  readonly agree: number;
  readonly dequantise: number;
}

/** CPU seconds of a client of Flower's: its stages, one after the other. */
export function flowerClientSeconds({ client }: FlowerParts): number {
  return Object.values(client).reduce((sum, seconds) => sum + seconds, 0);
}

/**
 * CPU seconds of Flower's server: how often its workflow calls each part, `clients` being everybody's neighbours. It sums
 * what the survivors sent; rebuilds each one's seed and takes its mask off; rebuilds the key of each dropout and takes off
 * its masks with all its neighbours, lost or not.
 * Source: flwr 1.41, flwr/server/workflow/secure_aggregation/secaggplus_workflow.py, collect_masked_vectors_stage and
 * unmask_stage.
 */
export function flowerServerSeconds(parts: FlowerServerParts, clients: number): number {
  const { survivors, decode, add, modulo, dequantise } = parts;
  const { combineSelfMaskSeed, combineMaskKey, expandMask, subtractMask, agree } = parts;
  const mask = expandMask + subtractMask;
  const collecting = survivors * decode + (survivors - 1) * add + modulo;
  const selfMasks = survivors * (combineSelfMaskSeed + mask);
  const dropouts = (clients - survivors) * (combineMaskKey + (clients - 1) * (agree + mask));
  return collecting + selfMasks + dropouts + modulo + dequantise;
}

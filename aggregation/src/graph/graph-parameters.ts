import { GraphError } from "./graph-error.ts";
import { upperQuantile } from "./hypergeometric.ts";
import { logFactorial } from "./log-factorial.ts";
import { requireInteger } from "./require-integer.ts";

/**
 * Shares lie at the points 1 to 255 of GF(2^8), and a participant keeps one of its own: 254 are left for neighbours.
 */
export const MAX_DEGREE = 254;

/** What a masking graph has to withstand. */
export interface GraphRequirements {
  /** Participants in the graph, 3 to 1e6. */
  readonly participants: number;
  /** Share of the participants that sides with the coordinator, in [0, 1): gamma. */
  readonly colludingShare: number;
  /** Share of the participants that drops out between sharing keys and revealing, in [0, 1): delta. */
  readonly dropoutShare: number;
  /**
   * `semi-honest`: the coordinator keeps to the protocol and looks. `malicious`: it tells participants different survivor
   * sets, so that some reveal a self mask and others the mask key of the same victim.
   */
  readonly coordinator: "semi-honest" | "malicious";
  /** Privacy fails with a probability below 2^-securityBits: sigma, usually 40. */
  readonly securityBits: number;
  /** A round fails for too few survivors with a probability below 2^-correctnessBits: eta, usually 20. */
  readonly correctnessBits: number;
  /**
   * Who holds shares of a participant's secrets: its k neighbours, as the published tables have it, or its neighbours
   * and itself, as SA-1 has it. In the second case a lied-to victim adds a share of its own self mask to what the
   * coordinator gathers, so that a malicious one is held off only by 2t > (k + 1) + colluding neighbours.
   */
  readonly holders: "neighbours" | "neighbours-and-owner";
  /** The largest degree that may be answered, {@link MAX_DEGREE} for shares in GF(2^8). */
  readonly maxDegree: number;
}

/** How many neighbours each participant has, and how many shares recover one of its secrets. */
export interface GraphParameters {
  readonly degree: number;
  readonly threshold: number;
}

/** Keeps a share such as 0.1 times n from being rounded to the wrong side of an integer. */
const SHARE_SLACK = 1e-14;

/** Added to every logarithm of a probability: more than its error, so that rounding never finds in favour. */
const LOG_SLACK = 1e-6;

/** Shamir's scheme with a threshold of one would hand the secret to everybody. */
const LEAST_THRESHOLD = 2;

/**
 * The k-regular circulant graph with the smallest even k, and the lowest threshold t for it, such that
 * - what is left after the colluding and the dropped-out participants are removed is connected, and no participant has
 *   so many colluding neighbours that shares of both of its secrets can be gathered: each with probability above
 *   1 - 2^-(securityBits + 1), over the choice of the graph;
 * - all participants keep t surviving neighbours with probability above 1 - 2^-correctnessBits.
 *
 * Colluders and dropouts must not depend on the graph: see `graph-seed.ts` for how far a coordinator can bend that.
 * As in the source, neighbours are counted as k draws out of n, though a participant is not its own neighbour (n - 1).
 * Throws {@link GraphError} `bad-requirements`, or `infeasible` when no even k below n - 1 and up to `maxDegree` will do:
 * a complete graph may ({@link completeGraphParameters}).
 * Source: Bell et al. 2020 (SecAgg+); google-parfait/federated-compute, fcp/secagg/server/graph_parameter_finder.cc.
 */
export function findGraphParameters(requirements: GraphRequirements): GraphParameters {
  requireSensible(requirements);
  requireFeasible(requirements);
  const last = Math.min(requirements.participants - 2, requirements.maxDegree);
  for (let degree = 2; degree <= last; degree += 2) {
    const threshold = thresholdFor(requirements, degree);
    if (threshold !== undefined) return { degree, threshold };
  }
  throw new GraphError(
    "infeasible",
    `no even degree up to ${last} is enough for ${describe(requirements)}`,
  );
}

/**
 * The complete graph, where everyone is everyone's neighbour and holds a share of its own: degree n - 1 and the threshold
 * floor((n + floor(colludingShare n)) / 2) + 1, which withstands a malicious coordinator; n - t dropouts are survived.
 * `participants`: 2 to 255. Throws {@link GraphError} `bad-requirements`.
 * Source: Bonawitz et al. 2017, section 6.3.
 */
export function completeGraphParameters(
  participants: number,
  colludingShare: number,
): GraphParameters {
  requireInteger("participants", participants, 2, MAX_DEGREE + 1);
  requireShare("colludingShare", colludingShare);
  const colluders = countOf(colludingShare, participants);
  return {
    degree: participants - 1,
    threshold: Math.floor((participants + colluders) / 2) + 1,
  };
}

/** The lowest threshold for a degree; undefined when the degree is too small. */
function thresholdFor(requirements: GraphRequirements, degree: number): number | undefined {
  const { participants, securityBits, correctnessBits } = requirements;
  const logSecurity = -(securityBits + 1) * Math.LN2;
  if (logDisconnected(requirements, degree) + LOG_SLACK >= logSecurity) return undefined;
  const perParticipant = Math.log(participants) + LOG_SLACK;
  const neighbours = (share: number, logLimit: number): number =>
    upperQuantile(
      { population: participants, marked: countOf(share, participants), sampled: degree },
      logLimit - perParticipant,
    );
  const mostColluding = neighbours(requirements.colludingShare, logSecurity);
  const mostDropped = neighbours(requirements.dropoutShare, -correctnessBits * Math.LN2);
  const threshold = safeThreshold(requirements, degree, mostColluding);
  return threshold <= degree - mostDropped ? threshold : undefined;
}

/** The lowest threshold that a participant with so many colluding neighbours is safe with. */
function safeThreshold(
  { coordinator, holders }: GraphRequirements,
  degree: number,
  colluding: number,
): number {
  if (coordinator === "semi-honest") return Math.max(colluding + 1, LEAST_THRESHOLD);
  const held = holders === "neighbours" ? degree : degree + 1;
  return Math.max(Math.floor((held + colluding) / 2) + 1, LEAST_THRESHOLD);
}

/**
 * ln of a bound on the probability that the graph falls apart. For that, two disjoint runs of k/2 participants in the
 * ring must all be gone: n (n - k - 1) / 2 pairs of runs, each gone with probability B! (n - k)! / (n! (B - k)!), where B
 * are the colluding and the dropped-out together.
 */
function logDisconnected(requirements: GraphRequirements, degree: number): number {
  const { participants: n, colludingShare, dropoutShare } = requirements;
  const gone = countOf(colludingShare, n) + countOf(dropoutShare, n);
  if (degree > gone) return Number.NEGATIVE_INFINITY;
  const logPairs = Math.log(n) + Math.log(n - degree - 1) - Math.LN2;
  const logRatio = logFactorial(gone) - logFactorial(gone - degree);
  return logPairs + logRatio + logFactorial(n - degree) - logFactorial(n);
}

/** The most participants that are not more than a share of all. */
function countOf(share: number, participants: number): number {
  return Math.floor((share + SHARE_SLACK) * participants);
}

function requireSensible(requirements: GraphRequirements): void {
  requireInteger("participants", requirements.participants, 3, 1_000_000);
  requireInteger("maxDegree", requirements.maxDegree, 2, 1_000_000);
  requireShare("colludingShare", requirements.colludingShare);
  requireShare("dropoutShare", requirements.dropoutShare);
  requireInteger("securityBits", requirements.securityBits, 1, 256);
  requireInteger("correctnessBits", requirements.correctnessBits, 1, 256);
}

/** Beyond these no degree is known to do, and the search would be long. */
function requireFeasible(requirements: GraphRequirements): void {
  const { coordinator, colludingShare, dropoutShare } = requirements;
  const dropouts = coordinator === "malicious" ? 2 * dropoutShare : dropoutShare;
  if (colludingShare + dropouts > 0.9 + SHARE_SLACK) {
    const rule = `colludingShare + ${coordinator === "malicious" ? "2 " : ""}dropoutShare <= 0.9`;
    throw new GraphError("infeasible", `got ${describe(requirements)}, wanted ${rule}`);
  }
}

function requireShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new GraphError("bad-requirements", `${name} is ${value}, wanted a share in [0, 1)`);
  }
}

function describe(requirements: GraphRequirements): string {
  const { participants, colludingShare, dropoutShare, coordinator } = requirements;
  return `${participants} participants, ${colludingShare} colluding, ${dropoutShare} dropping out, a ${coordinator} coordinator`;
}

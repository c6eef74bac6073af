import type { Hash, ParticipantId, Plan } from "@chorus/aggregation";
import type { Evidence } from "../round/evidence.ts";
import type { Window } from "../round/gathering.ts";

const GATHERING = [
  "selecting",
  "training",
  "advertising-keys",
  "sharing-keys",
  "collecting",
  "confirming-survivors",
  "unmasking",
] as const;

/** Phases that wait for participants. */
export type ModelledPhase = (typeof GATHERING)[number];

/** A message, as far as the model looks at it. */
export interface Envelope {
  readonly from: ParticipantId;
  readonly phase: ModelledPhase;
  readonly digest: Hash;
  /** What is wrong in it for the coordinator to see, as a code. */
  readonly flaw?: string;
  /** Whether a share in it is not the one that its owner dealt. */
  readonly isSpoilt?: boolean;
}

/** What a round must do, in sets of who delivered and who left: no keys, no messages' contents, no waiting. */
export class RoundModel {
  phase: ModelledPhase | "aggregating" | "committing" | "abandoned" = "selecting";
  /** The last phase that waited for participants. */
  reached: ModelledPhase = "selecting";
  asked: ReadonlySet<ParticipantId>;
  delivered: Set<ParticipantId> = new Set();
  /** Settled when collection ends. */
  survivors: ReadonlySet<ParticipantId> = new Set();
  /** Settled when sharing ends. */
  sharers: ReadonlySet<ParticipantId> = new Set();
  /** Settled with the cohort. */
  threshold = 0;
  readonly left: Set<ParticipantId> = new Set();
  readonly evidence: Map<
    string,
    Omit<Evidence, "takenSignature" | "refusedSignature" | "firstAtMs">
  > = new Map();
  readonly #members: ReadonlySet<ParticipantId>;
  readonly #policy: Plan["roundPolicy"];
  readonly #said = new Map<string, Hash>();
  readonly #spoilt = new Set<ParticipantId>();
  #passedMs = 0;

  constructor(members: Iterable<ParticipantId>, policy: Plan["roundPolicy"]) {
    this.#members = new Set(members);
    this.asked = this.#members;
    this.#policy = policy;
  }

  get isGathering(): boolean {
    return this.phase === this.reached;
  }

  get awaited(): ParticipantId[] {
    if (!this.isGathering) return [];
    return [...this.asked].filter((id) => !this.delivered.has(id) && !this.left.has(id));
  }

  /** Milliseconds until the phase may and must end. */
  get remaining(): { softMs: number; hardMs: number } {
    const window: Window = this.phase === "training" ? "training" : "exchange";
    const { softDeadlineMs, hardDeadlineMs } = this.#policy;
    return {
      softMs: Math.max(0, softDeadlineMs[window] - this.#passedMs),
      hardMs: Math.max(0, hardDeadlineMs[window] - this.#passedMs),
    };
  }

  /** A message arrives. Returns the code that it is refused with; undefined when it is taken, or was before. */
  receive({ from, phase, digest, flaw, isSpoilt }: Envelope): string | undefined {
    if (this.#said.get(`${from} ${phase}`) === digest) return undefined;
    const refusal = this.expect(from, phase, digest) ?? flaw;
    if (refusal !== undefined) return refusal;
    this.#said.set(`${from} ${phase}`, digest);
    this.delivered.add(from);
    if (isSpoilt) this.#spoilt.add(from);
    return undefined;
  }

  /** A message is announced; its content is not here yet. Returns as {@link receive} does. */
  expect(from: ParticipantId, phase: ModelledPhase, digest: Hash): string | undefined {
    const taken = this.#said.get(`${from} ${phase}`);
    if (taken === digest) return undefined;
    if (taken !== undefined) {
      this.#note(from, "contradiction", phase, taken, digest);
      return "contradictory-message";
    }
    if (phase === "collecting" && this.#isSumClosed && this.#members.has(from))
      this.#note(from, "late-upload", phase, "", digest);
    if (phase !== this.phase) return "wrong-phase";
    return this.asked.has(from) && !this.left.has(from) ? undefined : "not-in-cohort";
  }

  leave(id: ParticipantId): void {
    if (!this.isGathering) return;
    this.left.add(id);
    // Before the masked exchange nothing of it is in the round yet.
    if (this.phase === "selecting" || this.phase === "training") this.delivered.delete(id);
  }

  elapse(ms: number): void {
    this.#passedMs += ms;
  }

  /** Goes on to the phase in which there is somebody to wait for. */
  settle(): void {
    while (this.isGathering && this.#isOver) this.#close();
  }

  /** The masks are off. */
  unmasked(): void {
    if (this.phase === "aggregating") this.phase = "committing";
  }

  get #isSumClosed(): boolean {
    return ["confirming-survivors", "unmasking", "aggregating", "committing"].includes(this.phase);
  }

  /** Fewest deliveries that the phase can end with; in a complete graph everybody holds shares of everybody. */
  get #fewest(): number {
    const { quorum, minSurvivors } = this.#policy;
    if (this.phase === "selecting" || this.phase === "training") return quorum;
    if (this.phase === "confirming-survivors" || this.phase === "unmasking") return this.threshold;
    return Math.max(this.threshold, minSurvivors);
  }

  get #isOver(): boolean {
    const { awaited, delivered } = this;
    const { softMs, hardMs } = this.remaining;
    const hasQuorum = delivered.size >= this.#fewest;
    const isEnough = this.phase === "training" && delivered.size >= this.#policy.select;
    const isHopeless = delivered.size + awaited.length < this.#fewest;
    const isDue = hardMs === 0 || (softMs === 0 && hasQuorum);
    return awaited.length === 0 || isEnough || isHopeless || isDue;
  }

  #close(): void {
    const { delivered, reached } = this;
    if (delivered.size < this.#fewest) {
      this.phase = "abandoned";
      return;
    }
    if (reached === "training") this.threshold = thresholdOf(delivered.size);
    if (reached === "sharing-keys") this.sharers = delivered;
    if (reached === "collecting") this.survivors = delivered;
    const next = GATHERING[GATHERING.indexOf(reached) + 1];
    if (next === undefined) this.phase = this.#opensMasks ? "aggregating" : "abandoned";
    else {
      this.phase = next;
      this.reached = next;
    }
    this.asked = delivered;
    this.delivered = new Set();
    this.#passedMs = 0;
  }

  /** Secrets are rebuilt from the shares of exactly as many as needed, the first by id. */
  get #opensMasks(): boolean {
    const used = [...this.delivered].toSorted().slice(0, this.threshold);
    return !used.some((id) => this.#spoilt.has(id));
  }

  #note(
    participantId: ParticipantId,
    kind: Evidence["kind"],
    step: string,
    takenDigest: Hash | "",
    refusedDigest: Hash,
  ): void {
    const key = `${participantId} ${kind}`;
    const first = { participantId, kind, step, takenDigest, refusedDigest, refusals: 0 };
    const known = this.evidence.get(key) ?? first;
    this.evidence.set(key, { ...known, refusals: known.refusals + 1 });
  }
}

/** docs/protocol.md, "The graph". */
function thresholdOf(cohort: number): number {
  return Math.floor((cohort + Math.floor(cohort / 10)) / 2) + 1;
}

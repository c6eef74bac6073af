import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Makes the coordinator's registry, with the process's own metrics (memory, event-loop lag, garbage collection). */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** What rounds tell of themselves. Labels have few known values; none names a participant. */
export class RoundMetrics {
  readonly rounds: Counter<"outcome">;
  readonly phaseSeconds: Histogram<"phase">;
  readonly reports: Counter;
  readonly dropouts: Counter;
  readonly aggregationSeconds: Histogram;
  readonly encryptedAddSeconds: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.rounds = new Counter({
      name: "chorus_rounds_total",
      help: "Attempts at a round that ended, by outcome",
      labelNames: ["outcome"],
      registers,
    });
    this.phaseSeconds = new Histogram({
      name: "chorus_phase_duration_seconds",
      help: "How long a phase of a round took",
      labelNames: ["phase"],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 7200],
      registers,
    });
    this.reports = new Counter({
      name: "chorus_reports_total",
      help: "Masked updates in completed rounds",
      registers,
    });
    this.dropouts = new Counter({
      name: "chorus_dropouts_total",
      help: "Participants that began the masked exchange of a completed round and did not deliver",
      registers,
    });
    this.aggregationSeconds = new Histogram({
      name: "chorus_aggregation_duration_seconds",
      help: "Opening the sum and taking the outer step",
      buckets: [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
      registers,
    });
    this.encryptedAddSeconds = new Histogram({
      name: "chorus_he_add_seconds",
      help: "Adding one participant's encrypted update",
      buckets: [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
      registers,
    });
  }
}

/** What the wire tells of itself. */
export class WireMetrics {
  readonly bytes: Counter<"direction">;
  readonly refusals: Counter<"reason">;

  constructor(registry: Registry, connected: () => number) {
    const registers = [registry];
    this.bytes = new Counter({
      name: "chorus_wire_bytes_total",
      help: "Bytes of messages that participants sent (in) and received (out)",
      labelNames: ["direction"],
      registers,
    });
    this.refusals = new Counter({
      name: "chorus_refused_messages_total",
      help: "Messages that were refused, by code",
      labelNames: ["reason"],
      registers,
    });
    new Gauge({
      name: "chorus_participants_connected",
      help: "Participants that follow instructions now",
      registers,
      collect() {
        this.set(connected());
      },
    });
  }
}

/** What the ledger's outbox tells of itself. */
export class LedgerMetrics {
  readonly commits: Counter<"outcome">;
  readonly waiting: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.commits = new Counter({
      name: "chorus_chain_commits_total",
      help: "Attempts at committing a round to the chain, by outcome",
      labelNames: ["outcome"],
      registers,
    });
    this.waiting = new Gauge({
      name: "chorus_chain_waiting_rounds",
      help: "Completed rounds that are not on the chain yet",
      registers,
    });
  }
}

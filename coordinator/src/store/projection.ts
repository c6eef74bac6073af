import type { StoreEvent } from "./events.ts";
import type { Change } from "./tables.ts";

/**
 * What an event does to the tables: the only place that says so. The store applies it to the database,
 * verification to memory. `sequence` is the event's.
 */
export function changesOf({ kind, body }: StoreEvent, sequence: number): readonly Change[] {
  switch (kind) {
    case "federation-created":
      return [{ insertInto: "federation", fields: body }];
    case "participant-enrolled":
      return [{ insertInto: "participants", fields: body }];
    case "run-created":
      return [{ insertInto: "runs", fields: { ...body, ...runBegins(body), sequence } }];
    case "run-ended":
      return [{ update: "runs", fields: body }];
    case "attempt-started":
      return [{ insertInto: "attempts", fields: { ...body, ...attemptBegins } }];
    case "attempt-abandoned":
      return [{ update: "attempts", fields: { ...body, outcome: "abandoned" } }];
    case "round-completed":
      return roundCompleted(body, sequence);
    case "round-committed":
      return [{ insertInto: "commits", fields: body }];
    case "evidence-recorded":
      return [{ insertInto: "evidence", fields: { ...body, sequence } }];
  }
}

type Body<Kind> = Extract<StoreEvent, { kind: Kind }>["body"];

function runBegins({ initialModelHash }: Body<"run-created">) {
  const status = "running";
  return {
    status,
    completedRounds: 0,
    modelHash: initialModelHash,
    strategyStateHash: "",
    endedAtMs: 0,
  };
}

const attemptBegins = { outcome: "open", reason: "", endedAtMs: 0 };

function roundCompleted(body: Body<"round-completed">, sequence: number): readonly Change[] {
  const { runId, round, roundId, modelHash, strategyStateHash, endedAtMs } = body;
  return [
    { insertInto: "rounds", fields: { ...body, sequence } },
    { update: "attempts", fields: { roundId, outcome: "completed", endedAtMs } },
    { update: "runs", fields: { runId, completedRounds: round, modelHash, strategyStateHash } },
  ];
}

import { shortHash } from "../terminal/format.ts";
import { formatFields, formatTable } from "../terminal/table.ts";
import { describeDifference, type Verification } from "./history.ts";

/** A verification for people: what was read, a table of the rounds, and the verdict. */
export function formatVerification(verification: Verification): string {
  const head = formatFields([
    ["run", `${shortHash(verification.runId)} (${verification.planName})`],
    ["plan", verification.planHash],
    ["read from", verification.source],
    ["ledger", verification.ledger],
  ]);
  const rows = verification.rounds.map(({ round, modelHash, model, sum, entry, chain }) => [
    `${round}`,
    shortHash(modelHash),
    model,
    sum,
    entry === undefined ? "-" : shortHash(entry),
    chain,
  ]);
  const table = formatTable(
    [
      { title: "round", align: "right" },
      { title: "model" },
      { title: "file" },
      { title: "sum" },
      { title: "chain entry" },
      { title: "record" },
    ],
    rows,
  );
  return `${head}\n\n${table}\n\n${conclusion(verification)}`;
}

function conclusion({ rounds, waiting, differences }: Verification): string {
  if (differences.length > 0) {
    const isUnproven = differences.every(({ cause }) => cause === "unprovable");
    return [
      `${isUnproven ? "CANNOT BE PROVEN" : "DOES NOT HOLD"}: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`,
      ...differences.map((difference) => `  ${describeDifference(difference)}`),
    ].join("\n");
  }
  const onChain = rounds.length - waiting;
  const held = `the plan, the initial model and ${onChain} ${onChain === 1 ? "round" : "rounds"}`;
  if (waiting === 0) return `Everything holds: ${held}.`;
  return `NOT ALL OF IT IS ON THE CHAIN YET. What is there holds: ${held}. Files hold for the other ${waiting}.`;
}

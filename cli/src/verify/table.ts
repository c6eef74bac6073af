import { shortHash } from "../terminal/format.ts";
import { formatFields, formatTable } from "../terminal/table.ts";
import type { CheckedPreparation } from "./check-preparation.ts";
import { describeDifference, type Verification, type VerifiedRound } from "./history.ts";

/** A verification for people: what was read, a table of the rounds, and the verdict. */
export function formatVerification(verification: Verification): string {
  const head = formatFields([
    ["run", `${shortHash(verification.runId)} (${verification.planName})`],
    ["plan", verification.planHash],
    ...preparationFields(verification.preparation),
    ["read from", verification.source],
    ["ledger", verification.ledger],
  ]);
  const rows = verification.rounds.map((round) => [
    `${round.round}`,
    shortHash(round.modelHash),
    modelTexts[round.model],
    round.sum === "signed" ? `signed by ${round.reports}` : round.sum,
    round.entry === undefined ? "-" : shortHash(round.entry),
    round.chain,
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

const modelTexts = {
  holds: "holds",
  differs: "differs",
  "at-participants": "at the participants",
} satisfies Record<VerifiedRound["model"], string>;

const preparationTexts = {
  holds: "its statistics give the plan's numbers",
  differs: "its statistics do not give the plan's numbers",
  unknown: "not kept here: the plan's numbers were not compared",
} satisfies Record<CheckedPreparation["plan"], string>;

function preparationFields(
  preparation: CheckedPreparation | undefined,
): readonly (readonly [string, string])[] {
  if (preparation === undefined) return [];
  const { runId, plan } = preparation;
  return [["prepared by", `run ${shortHash(runId)}: ${preparationTexts[plan]}`]];
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
  const trusted = rounds.some(({ sum }) => sum === "signed") ? `\n\n${notProven}` : "";
  if (waiting === 0) return `Everything holds: ${held}.${trusted}`;
  return `NOT ALL OF IT IS ON THE CHAIN YET. What is there holds: ${held}. Files hold for the other ${waiting}.${trusted}`;
}

const notProven = `This run is encrypted, so this proves who signed what, and not the arithmetic: that so many of each round's survivors
signed the hash of its model, the counts and the uploads that went into it. That the model is the one before and the mean of
these uploads is proven only to those who had the round's key, the participants: each checked it before it signed.`;

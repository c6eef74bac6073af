import { heParameters } from "../he/parameters.ts";
import { modelGraph } from "../model/model-graph.ts";
import type { Layer } from "../model/topology.ts";
import { dataContradictions, inputContradictions } from "./data-contradictions.ts";
import type { Plan, RoundPolicy, Training } from "./plan.ts";
import type { DataSchema } from "./plan-data.ts";
import { classCount, invitationCount } from "./plan-facts.ts";
import { type Problem, problem } from "./problems.ts";
import { trainingContradictions } from "./training-contradictions.ts";

/** Most participants of a round. Beyond 200 each exchanges shares with its neighbours in the masking graph alone. */
const MAX_COHORT = 1_000;

/** Options of a well-formed plan, layers fitting together, that do not go with each other. Empty when all do. */
export function contradictionsOf(plan: Plan): readonly Problem[] {
  return [
    ...policyContradictions(plan.roundPolicy),
    ...inEncryptedCohort(plan),
    ...dataContradictions(plan.data),
    ...inputContradictions(plan.data, plan.model),
    ...trainingContradictions(plan.training),
    ...inOutput(plan),
  ];
}

/** Numbers of a round policy that do not go with each other. Empty when all do. */
export function policyContradictions(policy: RoundPolicy): readonly Problem[] {
  return [...inCounts(policy), ...inDeadlines(policy)];
}

function inCounts(policy: RoundPolicy): Problem[] {
  const problems: Problem[] = [];
  const { select, quorum, minSurvivors } = policy;
  if (quorum > select)
    problems.push(problem("roundPolicy.quorum", quorum, `at most roundPolicy.select, ${select}`));
  if (minSurvivors > quorum)
    problems.push(
      problem("roundPolicy.minSurvivors", minSurvivors, `at most roundPolicy.quorum, ${quorum}`),
    );
  const invitations = invitationCount(policy);
  if (invitations > MAX_COHORT)
    problems.push(
      problem("roundPolicy.overSelect", `${invitations} invitations`, `at most ${MAX_COHORT}`),
    );
  return problems;
}

/** A cohort is no larger than `select`: who has trained beyond that is left out. Its sum must have room for all of it. */
function inEncryptedCohort({ protection, roundPolicy }: Plan): Problem[] {
  if (protection.kind !== "he") return [];
  const { valueBits } = protection;
  const room = heParameters(valueBits, 1).maxParticipants;
  const { select } = roundPolicy;
  const wanted = `at most ${room}, for which sums of encrypted ${valueBits}-bit values have room (who trains beyond select is left out)`;
  return select > room ? [problem("roundPolicy.select", select, wanted)] : [];
}

function inDeadlines({ softDeadlineMs, hardDeadlineMs }: RoundPolicy): Problem[] {
  return (["training", "exchange"] as const)
    .filter((phase) => hardDeadlineMs[phase] < softDeadlineMs[phase])
    .map((phase) =>
      problem(
        `roundPolicy.hardDeadlineMs.${phase}`,
        hardDeadlineMs[phase],
        `at least roundPolicy.softDeadlineMs.${phase}, ${softDeadlineMs[phase]}`,
      ),
    );
}

function inOutput(plan: Plan): Problem[] {
  const { loss } = plan.training;
  const wantedLoss = lossFor(plan.data);
  if (loss !== wantedLoss)
    return [problem("training.loss", loss, `${wantedLoss}, which the labels ask for`)];
  const last = modelGraph(plan.model).layers.at(-1);
  if (last === undefined) throw new Error("a topology has one layer or more");
  return [
    ...wrongActivation(last.path, last.layer, loss),
    ...wrongUnits(last.path, last.output, plan),
  ];
}

function lossFor(data: DataSchema): Training["loss"] {
  return "label" in data && data.label.kind === "binary"
    ? "binaryCrossentropy"
    : "categoricalCrossentropy";
}

function wrongActivation(path: string, layer: Layer, loss: Training["loss"]): Problem[] {
  const wanted = loss === "binaryCrossentropy" ? "sigmoid" : "softmax";
  if (layer.class_name !== "Dense" && layer.class_name !== "Activation")
    return [
      problem(path, `${layer.class_name} as the last layer`, `Dense or Activation with ${wanted}`),
    ];
  const { activation = "linear" } = layer.config;
  return activation === wanted
    ? []
    : [problem(`${path}.config.activation`, activation, `${wanted} at the end, for ${loss}`)];
}

function wrongUnits(path: string, output: readonly number[], plan: Plan): Problem[] {
  const wanted = plan.training.loss === "binaryCrossentropy" ? 1 : classCount(plan.data);
  return output.length === 1 && output[0] === wanted
    ? []
    : [problem(path, `${output.join(" x ")} outputs`, `${wanted}, for the plan's labels`)];
}

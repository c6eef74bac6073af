import { layerShapes } from "../model/layer-shapes.ts";
import type { Layer } from "../model/topology.ts";
import type { DataSchema, Plan, RoundPolicy, Training } from "./plan.ts";
import { classCount, encodedFeatureCount, exampleShape, invitationCount } from "./plan-facts.ts";
import { type Problem, problem } from "./problems.ts";

/** Most participants of a round. Beyond 200 each exchanges shares with its neighbours in the masking graph alone. */
const MAX_COHORT = 1_000;

/** Options of a well-formed plan, layers fitting together, that do not go with each other. Empty when all do. */
export function contradictionsOf(plan: Plan): readonly Problem[] {
  return [
    ...inCounts(plan.roundPolicy),
    ...inDeadlines(plan.roundPolicy),
    ...inColumns(plan.data),
    ...inInput(plan),
    ...inOutput(plan),
  ];
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

function inColumns(data: DataSchema): Problem[] {
  if (data.format === "idx") return [];
  const labelled = [
    ...data.features.map((feature, index) => ({ ...feature, path: `data.features.${index}` })),
    { ...data.label, path: "data.label" },
  ];
  return labelled.flatMap((column, index) => [
    ...repeated(
      `${column.path}.column`,
      column.column,
      labelled.slice(0, index).map((earlier) => earlier.column),
    ),
    ...("values" in column ? repeatedValues(`${column.path}.values`, column.values) : []),
  ]);
}

function repeatedValues(path: string, values: readonly string[]): Problem[] {
  return values.flatMap((value, index) =>
    repeated(`${path}.${index}`, value, values.slice(0, index)),
  );
}

function repeated(path: string, text: string, earlier: readonly string[]): Problem[] {
  return earlier.includes(text)
    ? [problem(path, `${JSON.stringify(text)} again`, "every one once")]
    : [];
}

function inInput(plan: Plan): Problem[] {
  const { data } = plan;
  const shape = exampleShape(plan);
  // How large an image is only its file tells: the site's reader compares.
  if (data.format === "idx") return [];
  const count = encodedFeatureCount(data);
  return shape.length === 1 && shape[0] === count
    ? []
    : [
        problem(
          "model.config.layers.0.config.batch_input_shape",
          `[null, ${shape.join(", ")}]`,
          `[null, ${count}], the numbers that data.features become`,
        ),
      ];
}

function inOutput(plan: Plan): Problem[] {
  const { loss } = plan.training;
  const wantedLoss = lossFor(plan.data);
  if (loss !== wantedLoss)
    return [problem("training.loss", loss, `${wantedLoss}, which the labels ask for`)];
  const index = plan.model.config.layers.length - 1;
  const last = layerShapes(plan.model)[index];
  if (last === undefined) throw new Error("a topology has one layer or more");
  return [
    ...wrongActivation(`model.config.layers.${index}`, last.layer, loss),
    ...wrongUnits(`model.config.layers.${index}`, last.output, plan),
  ];
}

function lossFor(data: DataSchema): Training["loss"] {
  return data.format === "csv" && data.label.kind === "binary"
    ? "binaryCrossentropy"
    : "categoricalCrossentropy";
}

function wrongActivation(path: string, layer: Layer, loss: Training["loss"]): Problem[] {
  const wanted = loss === "binaryCrossentropy" ? "sigmoid" : "softmax";
  if (layer.class_name === "Flatten" || layer.class_name === "Dropout")
    return [problem(path, `${layer.class_name} as the last layer`, `activation ${wanted}`)];
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

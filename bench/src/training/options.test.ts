import { expect, test } from "vitest";
import { trainingTask } from "./options.ts";

test("without options all models are measured three times", () => {
  const models = ["mlp", "lenet", "cnn", "depthwise", "lstm", "transformer"];
  expect(trainingTask(["training"])).toEqual({
    kind: "speed",
    models,
    repetitions: 3,
    isStrict: false,
  });
});

test("models are measured in the order of the table, once each", () => {
  const args = ["training", "--model", "cnn", "--model", "mlp", "--model", "cnn"];
  expect(trainingTask([...args, "--repetitions", "1", "--strict"])).toEqual({
    kind: "speed",
    models: ["mlp", "cnn"],
    repetitions: 1,
    isStrict: true,
  });
});

test("a soak takes as many steps as it is told, and accuracy the models that have a target", () => {
  expect(trainingTask(["training", "--soak"])).toEqual({ kind: "soak", steps: 10_000 });
  expect(trainingTask(["training", "--soak", "--steps", "20"])).toEqual({
    kind: "soak",
    steps: 20,
  });
  expect(trainingTask(["accuracy"])).toEqual({ kind: "accuracy", targets: ["mlp", "lenet"] });
  expect(trainingTask(["accuracy", "--help"])).toEqual({ kind: "help" });
});

test.each([
  [["training", "--model", "resnet"], "got --model resnet, wanted mlp,"],
  [["accuracy", "--model", "cnn"], "got --model cnn, wanted mlp, lenet"],
  [["training", "--repetitions", "2"], "an odd number"],
  [["training", "--soak", "--steps", "0"], "got --steps 0, wanted a whole number above 0"],
  [["training", "--soak", "--steps", "1.5"], "got --steps 1.5"],
  [["training", "--fast"], "--fast"],
])("%s makes no sense, and the message says why", (args, message) => {
  expect(() => trainingTask(args)).toThrow(message);
});

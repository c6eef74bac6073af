import { share } from "../../plan/fields.ts";
import { layerConfig, only } from "./config-schema.ts";
import { type LayerConfig, type LayerKind, noTensors } from "./layer-kind.ts";

/** Sets a share `rate`, in [0, 1), of its input to zero during training. */
export interface DropoutConfig extends LayerConfig {
  readonly rate: number;
}

export const DROPOUT: LayerKind<DropoutConfig> = {
  config: layerConfig(
    { rate: share() },
    {
      noise_shape: only([null], "every value is drawn on its own"),
      seed: only([null], "the round's seed says what is left out"),
    },
  ),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};

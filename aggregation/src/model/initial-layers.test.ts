import { expect, test } from "vitest";
import { initialModel } from "./initial-model.ts";
import { layoutOf } from "./layout.ts";
import { modelHash } from "./model-hash.ts";
import type { Layer } from "./topology.ts";

// Source: a second implementation, in Python: HKDF-SHA256 and FLM1 with hashlib, AES-128-CTR by OpenSSL, shapes and limits
// written out by hand: sqrt(6 / (what one output is a sum of + what one value is a part of)), 0.05 for embeddings.
test.each<[string, readonly number[], object, string]>([
  [
    "Dense",
    [5, 3],
    { units: 4 },
    "75b78c2dcd33050204a1e80aa28aabf08a3e04cd4be53ed90734bd566722b58b",
  ],
  [
    "Conv1D",
    [8, 3],
    { filters: 4, kernel_size: [3] },
    "e80ac8ea27d97664819242cb0e036f9c7fab629d91b02d2d91c7d76bbb0231a7",
  ],
  [
    "Conv2D",
    [8, 8, 3],
    { filters: 4, kernel_size: [2, 3] },
    "e19a47d0c758fea1e40f338742249f4817cd4f416603c55c931b17f38c8f17b6",
  ],
  [
    "Conv2DTranspose",
    [8, 8, 3],
    { filters: 4, kernel_size: [2, 3] },
    "ec702b823fda4588584a9127f081080efa48c79f4ad6eaa79afca40e0cc8269b",
  ],
  [
    "DepthwiseConv2D",
    [8, 8, 3],
    { kernel_size: [2, 3], depth_multiplier: 2 },
    "6b609f6e32174519e39b366749623cb1e78c0968d502c6a9c9b2e65fb56fd87d",
  ],
  [
    "SeparableConv2D",
    [8, 8, 3],
    { filters: 4, kernel_size: [2, 3], depth_multiplier: 2 },
    "7cdf1b34b0748dca37641ce6abcfa759b27da335eb76544c2baabcaa54c079e7",
  ],
  [
    "SimpleRNN",
    [5, 3],
    { units: 4 },
    "4cbc1d290310a618ef94707407ab9185e060e35afd44a7f2bbcfdaff19c56839",
  ],
  ["GRU", [5, 3], { units: 4 }, "61fa4a0353a5c1c49d27da823bb4ce59ddffd9275d913601ea4047b04350067f"],
  [
    "LSTM",
    [5, 3],
    { units: 4 },
    "0cfe4d85d6e321ac484fd419ef384b6d3b1902de837d45b8b4b4e8703ea54d4b",
  ],
  [
    "Embedding",
    [6],
    { input_dim: 7, output_dim: 3 },
    "2b8147494667728a88b40ced087c3f3480bc4edbe6ae03498b4fbacad7f1265b",
  ],
  [
    "LayerNormalization",
    [5, 3],
    {},
    "afae793e6e789361469c297ec9476c308157116415916780c045d56b1989da53",
  ],
])(
  "%s over %j with %j begins as a second implementation has it",
  (className, shape, config, hash) => {
    const layer = {
      class_name: className,
      config: { ...config, name: "x", batch_input_shape: [null, ...shape] },
    };
    const layout = layoutOf({
      class_name: "Sequential",
      config: { name: "m", layers: [layer as unknown as Layer] },
    });
    expect(modelHash(layout, initialModel(layout, 42))).toBe(hash);
  },
);

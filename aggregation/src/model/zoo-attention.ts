import type { Layer, NamedLayer } from "./topology.ts";

/**
 * Attention and two dense layers, each added to its input and normalised: from the layer `input`, of shape
 * `[tokens, width]`, to the layer "block" of the same shape. Heads have `width` / `heads` values each.
 * Source: Vaswani et al. 2017, section 3.
 */
export function attentionBlock(input: string, width: number, heads: number): readonly NamedLayer[] {
  const names = Array.from({ length: heads }, (_, head) => `head_${head + 1}`);
  const together =
    heads === 1 ? [] : [node("heads", names, { class_name: "Concatenate", config: { axis: -1 } })];
  return [
    ...names.flatMap((name) => attentionHead(name, input, width / heads)),
    ...together,
    node("attention", [together[0]?.name ?? "head_1"], dense(width)),
    node("attended", [input, "attention"], { class_name: "Add", config: {} }),
    node("attended_norm", ["attended"], { class_name: "LayerNormalization", config: {} }),
    node("wide", ["attended_norm"], {
      class_name: "Dense",
      config: { units: 4 * width, activation: "relu" },
    }),
    node("narrow", ["wide"], dense(width)),
    node("sum", ["attended_norm", "narrow"], { class_name: "Add", config: {} }),
    node("block", ["sum"], { class_name: "LayerNormalization", config: {} }),
  ];
}

/** softmax(Q K^T / sqrt(size)) V, the layer `name` of shape `[tokens, size]`. */
function attentionHead(name: string, input: string, size: number): readonly NamedLayer[] {
  const [query, key, value] = [`${name}_query`, `${name}_key`, `${name}_value`];
  return [
    node(query, [input], dense(size)),
    node(key, [input], dense(size)),
    node(value, [input], dense(size)),
    node(`${name}_products`, [query, key], { class_name: "Dot", config: { axes: [2, 2] } }),
    node(`${name}_scaled`, [`${name}_products`], {
      class_name: "Rescaling",
      config: { scale: 1 / Math.sqrt(size) },
    }),
    node(`${name}_shares`, [`${name}_scaled`], {
      class_name: "Activation",
      config: { activation: "softmax" },
    }),
    node(name, [`${name}_shares`, value], { class_name: "Dot", config: { axes: [2, 1] } }),
  ];
}

/** A layer of a graph, after others. */
export function node(name: string, sources: readonly string[], layer: Layer): NamedLayer {
  return { ...layer, name, inbound_nodes: [sources.map((source) => [source, 0, 0])] };
}

function dense(units: number): Layer {
  return { class_name: "Dense", config: { units } };
}

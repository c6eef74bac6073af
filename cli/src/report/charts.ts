import type { TopLevelSpec } from "vega-lite";
import { palette } from "./chart.ts";

const width = 740;
const height = 270;

/** Test accuracy of a model after some training. */
export interface AccuracyPoint {
  readonly series: string;
  /** Examples that were trained on to make the model. */
  readonly examplesSeen: number;
  /** Share of the test examples that it classifies rightly, 0..1. */
  readonly accuracy: number;
}

/** A quantity of one round that is made of parts. */
export interface RoundPart {
  readonly round: number;
  readonly part: string;
  readonly value: number;
}

/** How many examples of a label a participant has. */
export interface LabelCount {
  readonly participant: string;
  readonly label: number;
  readonly examples: number;
}

/** The two series that a comparison is about; every other is drawn thin and dashed. */
export const federatedSeries = "federated" as const;
export const centralisedSeries = "centralised" as const;

/** Accuracy over examples seen, a line a series. `from`: accuracy at the axis' foot; below it nothing is drawn. */
export function accuracyChart(points: readonly AccuracyPoint[], from: number): TopLevelSpec {
  const series = [...new Set(points.map((point) => point.series))];
  return {
    width,
    height: height + 40,
    data: { values: points.map((point) => ({ ...point, isMain: isMain(point.series) })) },
    encoding: {
      x: {
        field: "examplesSeen",
        type: "quantitative",
        title: "training examples seen",
        axis: { labelExpr: "format(datum.value, ',')", tickCount: 8 },
      },
      y: {
        field: "accuracy",
        type: "quantitative",
        title: "accuracy on the test digits",
        axis: { format: ".0%" },
        scale: { domain: [from, 1] },
      },
      color: {
        field: "series",
        type: "nominal",
        title: null,
        scale: { domain: series, range: seriesColours(series) },
      },
    },
    layer: [
      {
        transform: [{ filter: "!datum.isMain" }],
        mark: { type: "line", clip: true, strokeWidth: 1.5, strokeDash: [5, 3] },
      },
      {
        transform: [{ filter: "datum.isMain" }],
        mark: { type: "line", clip: true, strokeWidth: 2.5, point: { size: 36, filled: true } },
      },
    ],
  };
}

function isMain(series: string): boolean {
  return series === federatedSeries || series === centralisedSeries;
}

function seriesColours(series: readonly string[]): string[] {
  const others = [palette.green, palette.red, palette.purple, palette.brown];
  let next = 0;
  return series.map((name) => {
    if (name === federatedSeries) return palette.blue;
    if (name === centralisedSeries) return palette.orange;
    next += 1;
    return others[(next - 1) % others.length] ?? palette.grey;
  });
}

/** Bytes of every round, received and sent, as stacked bars. */
export function bytesChart(parts: readonly RoundPart[]): TopLevelSpec {
  const labelExpr = "datum.value == 0 ? '0' : format(datum.value, '~s') + 'B'";
  return stackedRounds(parts, "bytes", { labelExpr }, [palette.blue, palette.sky]);
}

/** Seconds that every round spent in each phase, as stacked bars. */
export function phaseChart(parts: readonly RoundPart[]): TopLevelSpec {
  return stackedRounds(parts, "seconds", {}, Object.values(palette));
}

function stackedRounds(
  parts: readonly RoundPart[],
  title: string,
  axis: { readonly labelExpr?: string },
  range: readonly string[],
): TopLevelSpec {
  const order = [...new Set(parts.map((part) => part.part))];
  return {
    width: { step: Math.min(72, Math.max(12, width / roundsOf(parts))) },
    height,
    data: { values: parts.map((part) => ({ ...part, order: order.indexOf(part.part) })) },
    mark: { type: "bar", cornerRadiusEnd: 1 },
    encoding: {
      x: {
        field: "round",
        type: "ordinal",
        title: "round",
        axis: { labelOverlap: true },
        scale: { paddingInner: 0.25 },
      },
      y: { field: "value", type: "quantitative", title, axis },
      color: {
        field: "part",
        type: "nominal",
        title: null,
        scale: { domain: order, range: [...range] },
      },
      order: { field: "order", type: "quantitative" },
    },
  };
}

/** Who has how many examples of which label: a grid whose squares are darker where there is more. */
export function labelChart(counts: readonly LabelCount[]): TopLevelSpec {
  const largest = Math.max(1, ...counts.map((count) => count.examples));
  return {
    width: width - 40,
    height: { step: 40 },
    data: { values: [...counts] },
    encoding: {
      x: { field: "label", type: "ordinal", title: "label" },
      y: {
        field: "participant",
        type: "nominal",
        title: null,
        sort: null,
        axis: { domain: false, ticks: false },
      },
    },
    layer: [
      {
        mark: { type: "rect", color: palette.blue, cornerRadius: 3 },
        encoding: {
          opacity: {
            field: "examples",
            type: "quantitative",
            legend: null,
            scale: { domain: [0, largest], range: [0.04, 0.85] },
          },
        },
      },
      {
        mark: { type: "text", fontSize: 12 },
        encoding: { text: { field: "examples", type: "quantitative", format: "," } },
      },
    ],
  };
}

function roundsOf(parts: readonly RoundPart[]): number {
  return new Set(parts.map((part) => part.round)).size;
}

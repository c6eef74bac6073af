import { parse, View } from "vega";
import { type Config, compile, type TopLevelSpec } from "vega-lite";

/** Colours that stay apart on light and dark ground and for colour-blind readers. After Okabe & Ito 2008. */
export const palette = {
  blue: "#2b83ba",
  orange: "#e08a00",
  green: "#1a9e77",
  red: "#d1495b",
  purple: "#8e6bbf",
  sky: "#5ab4e5",
  brown: "#a6761d",
  pink: "#d670b0",
  olive: "#7f8f2f",
  grey: "#8a919c",
} as const;

/** How a chart sits on its page. */
export interface ChartOptions {
  /**
   * Colour of text and axes. "currentColor" takes the page's, for a chart inside HTML; a file of its own needs a colour.
   */
  readonly ink: string;
  /** Colour behind the chart, or "transparent". */
  readonly background: string;
}

/** For a chart within a page that has a light and a dark look. */
export const inlineChart: ChartOptions = { ink: "currentColor", background: "transparent" };

/**
 * Draws a Vega-Lite specification as SVG text: no script, no reference to anything outside it. Throws what Vega throws
 * for a specification that it does not understand.
 */
export async function chartSvg(spec: TopLevelSpec, options: ChartOptions): Promise<string> {
  const compiled = compile(spec, { config: chartConfig(options) });
  const view = new View(parse(compiled.spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

function chartConfig({ ink, background }: ChartOptions): Config {
  return {
    background,
    font,
    padding: 4,
    view: { stroke: null },
    range: { category: Object.values(palette) },
    title: { color: ink, anchor: "start", fontSize: 15, fontWeight: 600, offset: 14 },
    axis: {
      labelColor: ink,
      titleColor: ink,
      gridColor: ink,
      gridOpacity: 0.12,
      domainColor: ink,
      domainOpacity: 0.4,
      tickColor: ink,
      tickOpacity: 0.4,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 500,
      titlePadding: 10,
      labelPadding: 5,
    },
    axisX: { grid: false, labelAngle: 0 },
    legend: {
      labelColor: ink,
      titleColor: ink,
      labelFontSize: 12,
      labelLimit: 260,
      symbolStrokeWidth: 3,
    },
    line: { strokeWidth: 2 },
    text: { color: ink, fontSize: 12 },
  };
}

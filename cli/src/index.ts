export { type PartitionOptions, partitionByLabel } from "./demo/partition.ts";
export {
  type ChartOptions,
  chartSvg,
  inlineChart,
  palette,
  standaloneChart,
} from "./report/chart.ts";

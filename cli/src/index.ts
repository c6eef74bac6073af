export {
  type ChartOptions,
  chartSvg,
  inlineChart,
  palette,
  standaloneChart,
} from "./report/chart.ts";
export { partitionByLabel, type PartitionOptions } from "./demo/partition.ts";

export { readDigits } from "./demo/digits.ts";
export { writeIdxPair } from "./demo/idx.ts";
export { type PartitionOptions, partitionByLabel } from "./demo/partition.ts";
export { Operator } from "./operator/operator.ts";
export { formatBytes } from "./terminal/format.ts";
export { formatTable } from "./terminal/table.ts";

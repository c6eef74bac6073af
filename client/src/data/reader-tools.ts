import type { ExampleSink } from "./example-writer.ts";
import type { Report } from "./report.ts";

/** What a reader of data works with. */
export interface ReaderTools {
  readonly sink: ExampleSink;
  readonly report: Report;
  /** Is told how many examples have been read now and then, and of how many where that is known. */
  readonly progress: Progress;
}

export type Progress = (examples: number, all: number | undefined) => void;

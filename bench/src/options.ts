import { parseArgs } from "node:util";

const usage = `Measures rounds and masking, prints tables and writes runs/bench.json.

Usage: npm run bench -- training [--help]
       npm run bench -- accuracy [--help]
       npm run bench -- he [--strict]
       npm run bench -- protections [--help]
       npm run bench -- [--large] [--strict] [--flower [--python PATH]]

  training     how fast a site trains, and nothing else; some minutes
  accuracy     what one core learns of MNIST, and nothing else; a minute
  he           homomorphic encryption beside masking, CKKS and plain float32; a minute
  protections  how well the demo's models do without protection, masked and encrypted, and nothing else; some minutes
  (nothing)    a round of the demo's model, kernels, masking among 10 participants; less than a minute
  --large      masking among 100 as well, with 0, 10 and 30 lost, and memory; some minutes
  --strict     exit code 1 where a budget was missed: for a machine that does nothing else
  --flower     Flower's SecAgg+ functions beside ours, 100 participants; some minutes
  --python     the Python 3 that has Flower (pip install flwr==1.41.0); "python3" unless told otherwise
  --help       this text

Rounds of more than 200 participants over gRPC: npm run cohort -- --help
Exit codes: 0 measured, 1 could not, or a budget was missed with --strict, 2 wrong usage.
`;

/** What to measure besides what is always measured. */
export interface BenchOptions {
  readonly large: boolean;
  /** Whether a missed budget is a failure. */
  readonly strict: boolean;
  readonly flower: boolean;
  /** Interpreter that has Flower. */
  readonly python: string;
}

/** What was asked for. Ends the process for --help and for options that make no sense. */
export function benchOptions(): BenchOptions {
  try {
    const { values } = parseArgs({
      options: {
        large: { type: "boolean", default: false },
        strict: { type: "boolean", default: false },
        flower: { type: "boolean", default: false },
        python: { type: "string", default: "python3" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const { large, strict, flower, python } = values;
    return { large, strict, flower, python };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

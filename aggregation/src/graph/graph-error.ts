/** Every way a masking graph, its parameters or its seed can be refused. */
export type GraphErrorCode =
  // Parameters.
  | "bad-requirements"
  | "infeasible"
  // The graph.
  | "bad-degree"
  | "bad-seed"
  | "duplicate-id"
  | "unknown-participant"
  // The commit-reveal of its seed.
  | "bad-nonce"
  | "wrong-opening"
  | "too-few-openings";

/** A masking graph cannot be had as asked for. Never holds a nonce. */
export class GraphError extends Error {
  override readonly name = "GraphError";
  readonly code: GraphErrorCode;

  constructor(code: GraphErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

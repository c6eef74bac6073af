/** Every way a plan can be refused. */
export type PlanErrorCode = "bad-json" | "bad-plan" | "unsupported-layer" | "too-large";

/** A plan was refused before anything was built from it. The message names everything that is wrong, not only the first. */
export class PlanError extends Error {
  override readonly name = "PlanError";
  readonly code: PlanErrorCode;
  /** The first option that is wrong, for example "roundPolicy.quorum"; empty for the plan as a whole. */
  readonly path: string;

  constructor(code: PlanErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(path === "" ? message : `${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}

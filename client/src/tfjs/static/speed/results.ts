/** CPU milliseconds of one step of training, user and system, of the whole process. */
export interface StepCosts {
  readonly totalMs: number;
  /** By part, where the way of training has such parts. Measured on their own: their sum is not quite the total. */
  readonly parts?: PartCosts;
  /** Multiplications and additions of its products, in millions, where the way of training knows them. */
  readonly megaflops?: number;
  /** Where the total was reckoned from steps on fewer examples. */
  readonly isExtrapolated?: true;
}

/** Why a way of training does not train a model. */
export interface Impossible {
  readonly impossible: string;
}

/** Choosing and copying a batch; the loss; its gradient; moving the weights. */
export type Part = "data" | "forward" | "backward" | "optimizer";

export type PartCosts = Readonly<Record<Part, number>>;

/** What a process that trains holds. */
export interface Held {
  readonly tensors: number;
  /** Of the WASM backend, in bytes: it only grows. */
  readonly heapBytes: number;
  /** Of the whole process, in memory, after a garbage collection. */
  readonly processBytes: number;
}

/** What the programs of this folder write, in JSON, by their names. */
export interface ProgramResults {
  readonly "reference-steps": StepCosts;
  readonly "stock-fit": StepCosts | Impossible;
  readonly "operation-steps": StepCosts;
  readonly "static-steps": StepCosts | Impossible;
  /** GFLOP/s. */
  readonly "product-speed": number;
  readonly soak: { readonly before: Held; readonly after: Held };
}

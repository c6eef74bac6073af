/** Plain federated averaging as any server does it: float updates in the clear, a weighted float64 sum. */
export class FedAvg {
  readonly #sum: Float64Array;
  #weight = 0;

  constructor(parameters: number) {
    this.#sum = new Float64Array(parameters);
  }

  /** Adds an update of shape `[parameters]`. */
  add(update: Float32Array, weight: number): void {
    const sum = this.#sum;
    for (let i = 0; i < sum.length; i++) {
      sum[i] = (sum[i] as number) + weight * (update[i] as number);
    }
    this.#weight += weight;
  }

  /** The weighted mean of what was added. Shape `[parameters]`. */
  mean(): Float64Array {
    return this.#sum.map((value) => value / this.#weight);
  }
}

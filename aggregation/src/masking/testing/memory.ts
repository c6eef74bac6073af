/** For tests: results that are computed once. */
export class Memory<V> {
  readonly #values = new Map<string, { readonly value: V }>();

  /** What `compute` returned when it was first called with this key. */
  get(key: string, compute: () => V): V {
    const known = this.#values.get(key) ?? { value: compute() };
    this.#values.set(key, known);
    return known.value;
  }
}

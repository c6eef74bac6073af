import { type Store, StoreError } from "../store/store.ts";

type Method = Exclude<keyof Store, "federation" | typeof Symbol.asyncDispose>;

/** A store on a disk that a test fills: the methods in `faults` reject, everything else reaches the real store. */
export class FaultyStore {
  /** What fails from now on, and how. */
  readonly faults: Map<Method, Error> = new Map();
  readonly store: Store;

  /** `after`: called once a method of the real store has resolved, before its caller learns of it. */
  constructor(real: Store, after: (method: string) => void) {
    const { faults } = this;
    this.store = new Proxy(real, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...args: readonly unknown[]) => {
          const fault = faults.get(key as Method);
          if (fault !== undefined) {
            return Promise.reject(fault);
          }
          const result: unknown = Reflect.apply(member, target, args);
          if (!(result instanceof Promise)) return result;
          return result.then((value: unknown) => {
            after(String(key));
            return value;
          });
        };
      },
    });
  }

  /** Makes methods fail as on a full disk. */
  fill(...methods: readonly Method[]): void {
    for (const method of methods)
      this.faults.set(method, new StoreError("unwritable", "the disk is full"));
  }

  /** Everything works again. */
  empty(): void {
    this.faults.clear();
  }
}

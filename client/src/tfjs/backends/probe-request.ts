import type { Plan } from "@chorus/aggregation";
import type { BackendName } from "./backend.ts";

/** What a process of its own is asked to find out about a backend. */
export type ProbeRequest =
  | { readonly kind: "presence"; readonly backend: BackendName }
  | {
      readonly kind: "training" | "everything";
      readonly backend: BackendName;
      readonly plan: Plan;
    };

/** A backend that is there. */
export interface Presence {
  readonly backend: BackendName;
  readonly device: string;
  readonly isSoftware: boolean;
}

import type { MaskingErrorCode } from "@chorus/aggregation";
import type { Guard } from "@chorus/aggregation/primitives";

/** The guard of those who attack: they do not check one another. */
export const lawless: Guard = { refuse: () => {}, permits: () => true };

/** The guard of who looks at what it got: anything goes, but what does not open was not opened. */
export const attentive: Guard = {
  refuse(error) {
    if (!this.permits(error.code)) throw error;
  },
  permits: (code: MaskingErrorCode) => code !== "unopenable-share",
};

import { PlainRing } from "./plain-ring.ts";
import type { Ring } from "./ring.ts";
import { WasmRing } from "./wasm-ring.ts";

/** The fastest ring that runs here. */
export function fastRing(): Ring {
  return WasmRing.isSupported ? new WasmRing() : plainRing();
}

/** The ring in TypeScript alone. */
export function plainRing(): Ring {
  return new PlainRing();
}

import "@tensorflow/tfjs-backend-cpu";
import { setBackend } from "@tensorflow/tfjs-core";
import type { Rung } from "./backend.ts";
import { SteadyBackend } from "./steady-backend.ts";

/** Plain JavaScript, everywhere. */
export const CPU: Rung = {
  name: "cpu",
  open: async () => {
    await setBackend("cpu");
    return new SteadyBackend("cpu", "one core, plain JavaScript");
  },
};

import { registerHooks } from "node:module";
registerHooks({ resolve: (s, c, n) => s === "@chorus/aggregation" ? { url: new URL("./agg.ts", import.meta.url).href, shortCircuit: true } : n(s, c) });

import { defineConfig } from "vitest/config";
export default defineConfig({ root: new URL("../..", import.meta.url).pathname, resolve: { alias: { "@chorus/aggregation": new URL("./agg.ts", import.meta.url).pathname } }, test: { include: ["client/src/**/*.test.ts"], testTimeout: 120_000 } });

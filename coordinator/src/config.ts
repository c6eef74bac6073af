import type { ChainChoice } from "@chorus/chain";
import { z } from "zod";
import { CoordinatorError } from "./error.ts";

const address = z
  .string()
  .refine((text) => /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,9}$/.test(text), {
    error: ({ input }) => `got ${input}, wanted host:port, for example 127.0.0.1:7070`,
    abort: true,
  })
  .refine((text) => hostAndPort(text).port <= 65_535, {
    error: ({ input }) =>
      `got port ${hostAndPort(String(input)).port}, wanted one from 0 (any free one) to 65535`,
  });

/** How a coordinator runs. */
export interface CoordinatorConfig {
  /** Folder that holds everything the coordinator must not forget. */
  readonly directory: string;
  /** Of the federation, for people, 1 to 64 characters. Undefined: whichever is in the directory. */
  readonly federationName?: string | undefined;
  /** Where participants and operators connect, host:port. Port 0: any free one. */
  readonly grpcAddress: string;
  /** Where /metrics, /healthz and /readyz are, host:port. Port 0: any free one. */
  readonly httpAddress: string;
  /** The chain that rounds are committed to. */
  readonly chain: ChainChoice;
}

const configSchema: z.ZodType<CoordinatorConfig> = z.strictObject({
  directory: z.string().min(1),
  federationName: z.string().min(1).max(64).optional(),
  grpcAddress: address,
  httpAddress: address,
  chain: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("embedded") }),
    z.strictObject({
      kind: z.literal("rpc"),
      url: z.url({ protocol: /^https?$/ }),
      contract: z
        .string()
        .regex(/^0x[0-9a-fA-F]{40}$/, "wanted 0x and 40 hexadecimal digits")
        .optional(),
    }),
  ]),
});

/** Checks a configuration. Throws {@link CoordinatorError} `bad-config` naming the first field that is wrong. */
export function parseConfig(input: unknown): CoordinatorConfig {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CoordinatorError("bad-config", `${issue?.path.join(".")}: ${issue?.message}`);
}

/** Splits "host:port". */
export function hostAndPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return {
    host: address.slice(0, at).replace(/^\[|\]$/g, ""),
    port: Number(address.slice(at + 1)),
  };
}

import { formatBytes, formatTable } from "@chorus/cli";
import type { MaskingCosts, SideBySide } from "../masking.ts";
import type { KernelSpeed } from "./kernel-speed.ts";
import type { HeldMemory } from "./memory.ts";

const right = (title: string) => ({ title, align: "right" as const });

/** Rounds as rows: CPU seconds with plain kernels, with fast ones, and how many times less that is. */
export function maskingTable(rounds: readonly SideBySide<MaskingCosts>[]): string {
  const columns = [
    ...["participants", "lost"],
    ...["participant", "WASM", "ratio", "of it: commitment"],
    ...["coordinator", "WASM", "ratio", "of it: verification"],
    ...["plain FedAvg", "sent", "sent by FedAvg", "largest error"],
  ].map(right);
  return formatTable(columns, rounds.map(maskingRow));
}

/** What a core does in a second: plain kernels, fast ones, and how many times more that is. */
export function kernelTable({ plain, fast }: SideBySide<KernelSpeed>): string {
  const row = (what: string, of: (speed: KernelSpeed) => number) => [
    what,
    of(plain).toFixed(2),
    of(fast).toFixed(2),
    ratio(of(fast), of(plain)),
  ];
  return formatTable(
    [{ title: "a core, in a CPU second" }, ...["TypeScript", "WASM", "ratio"].map(right)],
    [
      row("GB of mask expanded and added", ({ maskGigabytes }) => maskGigabytes),
      row("million parameters quantised", ({ quantisedMillions }) => quantisedMillions),
    ],
  );
}

/** What rounds hold, and by how much masking a vector grows a process; `masking`: bytes by the number of masks. */
export function memoryTable(
  held: readonly HeldMemory[],
  masking: ReadonlyMap<number, number>,
): string {
  const rounds = held.map(({ participants, heldBytes, vectorBytes }) => [
    `coordinator and ${participants} participants hold, all uploaded`,
    formatBytes(heldBytes),
    `one vector and ${formatBytes((heldBytes - vectorBytes) / participants)} each`,
  ]);
  const masks = [...masking].map(([count, bytes]) => [
    `a vector is masked with ${count} masks`,
    formatBytes(bytes),
    "besides the vector",
  ]);
  return formatTable(
    [{ title: "what" }, right("bytes"), { title: "of it" }],
    [...rounds, ...masks],
  );
}

function maskingRow({ plain, fast }: SideBySide<MaskingCosts>): string[] {
  const compared = (of: (costs: MaskingCosts) => number) => [
    of(plain).toFixed(3),
    of(fast).toFixed(3),
    ratio(of(plain), of(fast)),
  ];
  return [
    String(fast.participants),
    String(fast.dropouts),
    ...compared(({ participantCpuSeconds }) => participantCpuSeconds),
    fast.commitmentCpuSeconds.toFixed(3),
    ...compared(({ coordinatorCpuSeconds }) => coordinatorCpuSeconds),
    fast.verificationCpuSeconds.toFixed(3),
    fast.fedAvgCpuSeconds.toFixed(3),
    formatBytes(fast.sentBytes),
    formatBytes(fast.fedAvgSentBytes),
    fast.largestError.toExponential(1),
  ];
}

const ratio = (larger: number, smaller: number): string => `${(larger / smaller).toFixed(1)}x`;

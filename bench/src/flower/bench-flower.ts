import { neighbourhoodFor, openFastKernels } from "@chorus/aggregation";
import { formatBytes, formatTable } from "@chorus/cli";
import { benchMasking, type MaskingCosts } from "../masking.ts";
import {
  type FlowerParts,
  type FlowerServerParts,
  flowerClientSeconds,
  flowerServerSeconds,
} from "./flower-costs.ts";
import { runFlower } from "./run-flower.ts";

/** Flower's costs and ours, each for a round with as many survivors. */
export interface FlowerComparison {
  readonly flower: FlowerParts;
  readonly rounds: readonly { readonly theirs: FlowerServerParts; readonly ours: MaskingCosts }[];
}

const participants = 100;
const parameters = 1_000_000;
const losses = [0, 10, 30];

/**
 * Times Flower's functions and then our rounds: everybody is everybody's neighbour, secrets have the same threshold, and the
 * lost ones have shared their keys. Throws as {@link runFlower} does.
 */
export async function benchFlower(python: string, signal: AbortSignal): Promise<FlowerComparison> {
  const { threshold } = neighbourhoodFor(participants);
  const survivors = losses.map((lost) => participants - lost);
  const round = { clients: participants, parameters, threshold, survivors };
  const flower = await runFlower(python, round, signal);
  const rounds = flower.servers.map((theirs) => ({
    theirs,
    ours: benchMasking(
      { participants, parameters, dropouts: participants - theirs.survivors },
      openFastKernels,
    ),
  }));
  return { flower, rounds };
}

/** Rounds as rows: CPU seconds of a participant and of the coordinator, Flower's and ours. */
export function flowerTable({ flower, rounds }: FlowerComparison): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const compared = (theirs: number, ours: number) => [
    theirs.toFixed(2),
    ours.toFixed(3),
    `${(theirs / ours).toFixed(0)}x`,
  ];
  const rows = rounds.map(({ theirs, ours }) => [
    String(ours.participants),
    String(ours.dropouts),
    ...compared(flowerClientSeconds(flower), ours.participantCpuSeconds),
    ...compared(flowerServerSeconds(theirs, ours.participants), ours.coordinatorCpuSeconds),
    formatBytes(flower.sentBytes),
    formatBytes(ours.sentBytes),
  ]);
  const columns = [
    ...["participants", "lost"],
    ...["participant: Flower", "ours", "ratio"],
    ...["coordinator: Flower", "ours", "ratio"],
    ...["vector sent: Flower", "all sent: ours"],
  ];
  return formatTable(columns.map(right), rows);
}

import {
  type Evidence,
  EvidenceKind,
  type GetRunRequest,
  OperatorServiceService,
  type Round,
} from "@chorus/proto/v1/operator";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { Operator } from "./operator.ts";

const runId = "ab".repeat(32);
const hash = Buffer.alloc(32, 1);

function roundOf(round: number): Round {
  return {
    round,
    attempts: 1,
    parentModelHash: hash,
    modelHash: hash,
    updatesRoot: hash,
    cohort: 3,
    survivors: 3,
    startedAtMs: 1,
    endedAtMs: 2,
    phases: [],
    receivedBytes: 1,
    sentBytes: 1,
    trainingExamples: 1,
    evaluationExamples: 1,
    evaluationCorrect: 1,
    evaluationLoss: 0.5,
    ledgerEntry: undefined,
    transcriptHash: round % 2 === 0 ? hash : Buffer.alloc(0),
  };
}

const evidenceOfOneRound: Evidence = {
  round: 1,
  attempt: 1,
  participantId: "ab".repeat(16),
  name: "site",
  kind: EvidenceKind.CONTRADICTION,
  step: "unmasking",
  takenDigest: hash,
  refusedDigest: hash,
  takenSignature: Buffer.alloc(0),
  refusedSignature: Buffer.alloc(64, 2),
  refusals: 3,
  firstAtMs: 4,
};

/** A coordinator that knows one run of so many rounds, and notes what it is asked. */
async function startCoordinator(completedRounds: number) {
  const asked: GetRunRequest[] = [];
  const run = {
    runId: Buffer.from(runId, "hex"),
    name: "long",
    status: 1,
    planHash: hash,
    plannedRounds: completedRounds,
    completedRounds,
    modelHash: hash,
    initialModelHash: hash,
    startedAtMs: 1,
    endedAtMs: 0,
  };
  const getRun = (call: ServerUnaryCall<GetRunRequest, object>, done: sendUnaryData<object>) => {
    asked.push(call.request);
    const { afterRound, maxRounds } = call.request;
    const length = Math.min(maxRounds, completedRounds - afterRound);
    const rounds = Array.from({ length }, (_, index) => roundOf(afterRound + index + 1));
    const evidence = afterRound === 0 ? [evidenceOfOneRound] : [];
    done(null, { run, plan: "{}", rounds, evidence });
  };
  const server = new Server();
  server.addService({ getRun: OperatorServiceService.getRun }, { getRun });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
  const grpcAddress = `127.0.0.1:${await promise}`;
  return { grpcAddress, asked, [Symbol.dispose]: () => server.forceShutdown() };
}

test.each([
  [0, 1],
  [999, 1],
  [1_000, 2],
  [12_345, 13],
])("a run of %d rounds is fetched whole, in %d pages", async (rounds, pages) => {
  using coordinator = await startCoordinator(rounds);
  using operator = new Operator({ grpcAddress: coordinator.grpcAddress, token: "token" });
  const details = await operator.getRun(runId, AbortSignal.timeout(60_000));
  expect(details.rounds.map(({ round }) => round)).toEqual(
    Array.from({ length: rounds }, (_, index) => index + 1),
  );
  expect(coordinator.asked).toHaveLength(pages);
  expect(details.rounds.slice(0, 2).map(({ transcriptHash }) => transcriptHash)).toEqual(
    ["", "01".repeat(32)].slice(0, rounds),
  );
  expect(details.evidence).toMatchObject([
    { kind: "contradiction", takenSignature: "", refusedSignature: "02".repeat(64), refusals: 3 },
  ]);
});

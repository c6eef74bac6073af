import { formatProtection } from "../protection-text.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatTime,
  shortHash,
} from "../terminal/format.ts";
import { chartSvg, inlineChart } from "./chart.ts";
import { accuracyChart, bytesChart, labelChart, phaseChart } from "./charts.ts";
import type { DemoResult, MeasuredRound } from "./demo-result.ts";
import { html, Markup } from "./html.ts";
import { reportStyle } from "./style.ts";

/**
 * The demo's report as one HTML page: no script, nothing loaded from elsewhere, readable in light and dark. Throws what
 * Vega throws when a chart cannot be drawn.
 */
export async function renderDemoReport(result: DemoResult): Promise<string> {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chorus demo: ${result.planName}, ${formatTime(result.startedAtMs)}</title>
${reportStyle}
</head>
<body>
<main>
${heading(result)}
${tiles(result)}
${await accuracySection(result)}
${await dataSection(result)}
${interruptionSection(result)}
${await costSections(result)}
${roundsSection(result.rounds)}
${verificationSection(result)}
${planSection(result)}
${footer(result)}
</main>
</body>
</html>
`;
  return page.text;
}

function heading(result: DemoResult): Markup {
  return html`<h1>Four participants, one model, no shared data</h1>
<p class="lead">${formatCount(result.trainExamples)} handwritten digits, split unevenly among ${result.participants.length}
participants in processes of their own. ${result.rounds.length} rounds of federated averaging with ${formatProtection(result.protection)}, made one model of
${formatCount(result.parameters)} parameters; the coordinator saw ${seenBy(result)}. Run <code>${shortHash(result.runId)}</code>,
${formatTime(result.startedAtMs)} UTC.</p>`;
}

/** What the coordinator learned. */
function seenBy({ protection }: DemoResult): string {
  return protection.kind === "he" ? "neither a sum nor a model" : "only sums";
}

function tiles(result: DemoResult): Markup {
  const alone = Math.max(...result.participants.map((participant) => participant.aloneAccuracy));
  const gap = (result.accuracy.centralised - result.accuracy.federated) * 100;
  const distance = `${Math.abs(gap).toFixed(2)} points ${gap < 0 ? "below" : "above"} federated`;
  return html`<div class="tiles">
<div class="tile main"><b>${formatShare(result.accuracy.federated)}</b><span>of ${formatCount(result.testExamples)} test digits right: federated</span></div>
<div class="tile"><b>${formatShare(result.accuracy.centralised)}</b><span>centralised, all digits in one place: ${distance}</span></div>
<div class="tile"><b>${formatShare(alone)}</b><span>the best participant alone</span></div>
<div class="tile good"><b>verified</b><span>${result.verification.rounds} rounds on the chain, ${result.verification.models} models ${result.protection.kind === "he" ? "signed by participants" : "recomputed"}</span></div>
</div>`;
}

async function accuracySection(result: DemoResult): Promise<Markup> {
  const lowest = Math.min(...result.participants.map((participant) => participant.aloneAccuracy));
  const from = Math.max(0, Math.floor((lowest - 0.15) * 10) / 10);
  return html`<section>
<h2>Accuracy</h2>
<p class="note">Share of the ${formatCount(result.testExamples)} test digits that a model gets right, by how many training
examples it has seen. Centralised training and every participant alone begin with the same model and see as many
examples as the federation: ${formatCount(result.examplesSeen)}.</p>
${await figure(accuracyChart(result.curves, from))}
</section>`;
}

async function dataSection(result: DemoResult): Promise<Markup> {
  const counts = result.participants.flatMap((participant) =>
    participant.labels.map((examples, label) => ({
      participant: participant.name,
      label,
      examples,
    })),
  );
  const rows = result.participants.map(
    (participant) => html`<tr><td class="left">${participant.name}</td>
<td>${formatCount(participant.examples)}</td><td>${formatShare(participant.aloneAccuracy)}</td></tr>`,
  );
  return html`<section>
<h2>Who has what</h2>
<p class="note">Examples by label: a Dirichlet partition (concentration ${result.alpha}) that the plan's seed decides.</p>
${await figure(labelChart(counts))}
<div class="scroll"><table>
<tr><th class="left">participant</th><th>examples</th><th>accuracy alone</th></tr>
${rows}
</table></div>
</section>`;
}

function interruptionSection({ interruption, protection }: DemoResult): Markup {
  if (interruption === undefined) return html``;
  const { participant, round, returnedInRound } = interruption;
  // Nobody else has the model that was made without it.
  const handed = protection.kind === "he" ? ", was handed the model by another participant" : "";
  const back =
    returnedInRound === undefined
      ? `${participant} was then started again and had not reported when the run ended.`
      : `${participant} was then started again${handed}, and the sum of round ${returnedInRound} has its update.`;
  return html`<section>
<h2>A participant dies</h2>
<p>${participant} was killed (SIGKILL) in round ${round}, in the phase <code>${interruption.phase}</code>. The round waited until the
soft deadline, then completed with the updates of ${interruption.survivors} of ${interruption.participants}. ${back}</p>
</section>`;
}

async function costSections(result: DemoResult): Promise<Markup> {
  const bytes = result.rounds.flatMap(({ round, receivedBytes, sentBytes }) => [
    { round, part: "received from participants", value: receivedBytes },
    { round, part: "sent to participants", value: sentBytes },
  ]);
  const phases = result.rounds.flatMap(({ round, phases }) =>
    phases.map(({ phase, seconds }) => ({ round, part: phase, value: seconds })),
  );
  const total = bytes.reduce((sum, part) => sum + part.value, 0);
  return html`<section>
<h2>Bytes</h2>
<p class="note">${formatBytes(total)} in all, gRPC messages of all participants together.</p>
${await figure(bytesChart(bytes))}
</section>
<section>
<h2>Time by phase</h2>
<p class="note">${formatDuration(result.runMs)} for the run; ${result.participants.length} participants and the coordinator share
${result.environment.cores} cores. ${longRound(result)}</p>
${await figure(phaseChart(phases))}
</section>`;
}

function longRound({ interruption }: DemoResult): string {
  if (interruption === undefined) return "";
  return `Round ${interruption.round} is the one that waited for ${interruption.participant}.`;
}

function roundsSection(rounds: readonly MeasuredRound[]): Markup {
  const rows = rounds.map(
    (round) => html`<tr><td>${round.round}</td><td>${round.attempts}</td><td>${round.survivors}</td>
<td>${formatShare(round.testAccuracy)}</td><td>${formatBytes(round.receivedBytes + round.sentBytes)}</td>
<td>${formatDuration(round.endedAtMs - round.startedAtMs)}</td><td class="left"><code>${shortHash(round.modelHash)}</code></td>
<td class="left"><code>${shortHash(round.ledgerEntry?.entry ?? "-")}</code></td><td>${round.ledgerEntry?.blockNumber ?? "-"}</td></tr>`,
  );
  return html`<section>
<h2>Rounds</h2>
<p class="note">Survivors: participants whose updates are in the round's sum. Accuracy: of the round's model on the test digits.
Chain entry: hash over what the round committed and the entry before it.</p>
<div class="scroll"><table>
<tr><th>round</th><th>attempts</th><th>survivors</th><th>accuracy</th><th>bytes</th><th>time</th><th class="left">model</th><th class="left">chain entry</th><th>block</th></tr>
${rows}
</table></div>
</section>`;
}

function verificationSection(result: DemoResult): Markup {
  return html`<section>
<h2>Verification</h2>
<p>The chain and the files were read again from the first round on: the plan's hash, the initial model made anew from the
plan's seed, ${whatWasVerified(result)}, every record on the chain and its place in the chain of hashes.
Ledger: ${result.ledger}. Head of the run: <code>${result.verification.headEntry}</code>.</p>
<p class="note">To do it again, with the path of this report's folder for FOLDER:
<code>npm run chorus -- verify ${shortHash(result.runId)} --data-dir FOLDER/coordinator</code></p>
</section>`;
}

function whatWasVerified({ protection }: DemoResult): string {
  return protection.kind === "he"
    ? "the signatures of enough participants under every model's hash, which they alone could make from the sum"
    : "every model's hash";
}

function planSection(result: DemoResult): Markup {
  const plan = JSON.stringify(JSON.parse(result.plan), undefined, 2);
  return html`<section>
<h2>Plan</h2>
<p class="note">Hash <code>${result.planHash}</code></p>
<details><summary>The plan that every participant checked</summary><pre>${plan}</pre></details>
</section>`;
}

function footer({ environment, wallMs }: DemoResult): Markup {
  return html`<footer>Made by chorus in ${formatDuration(wallMs)} on ${environment.cpu}, ${environment.cores} cores,
${environment.platform}, Node ${environment.node}, TensorFlow.js ${environment.backend}.</footer>`;
}

async function figure(spec: Parameters<typeof chartSvg>[0]): Promise<Markup> {
  return html`<figure>${new Markup(await chartSvg(spec, inlineChart))}</figure>`;
}

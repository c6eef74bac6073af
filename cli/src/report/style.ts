import { Markup } from "./html.ts";

/** The report's look, light or dark as the reader's system wants it. */
export const reportStyle: Markup = new Markup(`<style>
:root { color-scheme: light dark; --ink: #1c2128; --soft: #5b6572; --line: #d9dee5; --ground: #f6f7f9; --card: #fff; --good: #12805c; --accent: #2b83ba; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --soft: #98a3b1; --line: #323944; --ground: #14171c; --card: #1c2027; --good: #3cc18e; --accent: #5ab4e5; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 0 0 12px; max-width: 78ch; }
.lead, .note { color: var(--soft); }
.note { font-size: 13.5px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px; margin-top: 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px; margin-top: 24px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.tile b { display: block; font-size: 27px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13.5px; }
.tile.good b { color: var(--good); }
.tile.main b { color: var(--accent); }
figure { margin: 12px 0 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; }
.left { text-align: left; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { overflow-x: auto; margin: 8px 0 0; padding: 12px 14px; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); }
summary { cursor: pointer; }
footer { margin-top: 28px; color: var(--soft); font-size: 13px; }
</style>`);

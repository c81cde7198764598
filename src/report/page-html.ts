/** The one-page durability policy as one file of HTML that asks for nothing else. */
import { escapedMarkup } from "../text/markup.ts";
import type { PageReport } from "./page.ts";

export const renderHtml = ({ policy, profile, date, digest, families, settings }: PageReport): string =>
  [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<title>Durability policy of ${escapedMarkup(policy)}</title>`,
    `<style>${style}</style>`,
    `<h1>Durability policy of ${escapedMarkup(policy)}</h1>`,
    `<p>${escapedMarkup(date)}, digest ${escapedMarkup(digest)}. Costs are the worst of the model of ${escapedMarkup(profile)}, of the messages published in the case; what the last drill of durability has observed was measured.</p>`,
    table("family", families),
    "<h2>Settings</h2>",
    table("setting", settings),
    "</html>",
  ].join("\n");

const style =
  "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}:target{background:#ffd}";

function table(title: string, lines: PageReport["families"]): string {
  const titles = [title, ...(lines[0]?.cells ?? []).map(cell => cell.title)];
  return [
    "<table>",
    `<tr>${titles.map(one => `<th>${escapedMarkup(one)}</th>`).join("")}</tr>`,
    ...lines.map(
      ({ id, name, cells }) =>
        `<tr id="${escapedMarkup(id)}"><td><code>${escapedMarkup(name)}</code></td>${cells.map(({ text }) => `<td>${escapedMarkup(text)}</td>`).join("")}</tr>`,
    ),
    "</table>",
  ].join("\n");
}

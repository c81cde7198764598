/** Pending bytes over the time of an outage, as text and as a drawing (SVG). */

import { bytesText } from "../../text/bytes.ts";
import { msText } from "../../text/durations.ts";
import { escapedMarkup } from "../../text/markup.ts";
import type { ClientSizeShown } from "./size.ts";

const widthChars = 60;
const heightChars = 8;

type Plotted = Pick<ClientSizeShown, "profile" | "pending" | "limitBytes" | "firstRefusedMs">;

const highest = ({ pending, limitBytes }: Plotted): number =>
  Math.max(1, ...pending.map(({ bytes }) => bytes), isNear(pending, limitBytes) ? (limitBytes ?? 0) : 0);

/** A limit far above what is kept would flatten the curve. */
const isNear = (pending: Plotted["pending"], limitBytes: number | null): boolean =>
  limitBytes !== null && limitBytes <= 2 * Math.max(...pending.map(({ bytes }) => bytes));

const lastMs = ({ pending }: Plotted): number => pending.at(-1)?.ms ?? 0;

/** Lines of text: the axis of bytes to the left, that of time below. */
export function plotText(one: Plotted): readonly string[] {
  const top = highest(one);
  const columns = Array.from({ length: widthChars }, (_, i) => {
    const at = Math.round((i / (widthChars - 1)) * (one.pending.length - 1));
    return Math.ceil(((one.pending[at]?.bytes ?? 0) / top) * heightChars);
  });
  const limitRow =
    one.limitBytes !== null && isNear(one.pending, one.limitBytes)
      ? Math.ceil((one.limitBytes / top) * heightChars)
      : 0;
  const label = (row: number): string => (row === heightChars ? bytesText(top) : "").padStart(9);
  const rows = Array.from({ length: heightChars }, (_, i) => {
    const row = heightChars - i;
    const cells = columns.map(height => (height >= row ? "█" : row === limitRow ? "┄" : " ")).join("");
    return `${label(row)} │${cells}${row === limitRow ? " limit" : ""}`.trimEnd();
  });
  const end = msText(lastMs(one));
  return [
    ...rows,
    `${"0".padStart(9)} └${"─".repeat(widthChars)}`,
    `${" ".repeat(11)}0 s${end.padStart(widthChars - 3)}`,
  ];
}

const view = { width: 640, height: 240, left: 80, right: 20, top: 30, bottom: 30 } as const;

/** One drawing below another, one for each client. Names come from a fixed list, so nothing is escaped but the policy's own name. */
export function plotSvg(clients: readonly Plotted[], title: string): string {
  const height = 24 + clients.length * view.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${view.width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapedMarkup(title)}</title>`,
    `<text x="${view.left}" y="16">${escapedMarkup(title)}</text>`,
    ...clients.map((one, i) => `<g transform="translate(0 ${24 + i * view.height})">${drawn(one)}</g>`),
    "</svg>",
  ].join("\n");
}

function drawn(one: Plotted): string {
  const { profile, pending, limitBytes, firstRefusedMs } = one;
  const [top, end] = [highest(one), Math.max(1, lastMs(one))];
  const x = (ms: number): string => (view.left + (ms / end) * (view.width - view.left - view.right)).toFixed(1);
  const y = (bytes: number): string =>
    (view.height - view.bottom - (bytes / top) * (view.height - view.top - view.bottom)).toFixed(1);
  const points = pending.map(({ ms, bytes }) => `${x(ms)},${y(bytes)}`).join(" ");
  const limit =
    limitBytes !== null && isNear(pending, limitBytes)
      ? `<line x1="${x(0)}" x2="${x(end)}" y1="${y(limitBytes)}" y2="${y(limitBytes)}" stroke="#c00" stroke-dasharray="4"/>`
      : "";
  const refused =
    firstRefusedMs === null
      ? ""
      : `<text x="${x(firstRefusedMs)}" y="${Number(y(top)) - 4}" fill="#c00">first refusal, ${msText(Math.round(firstRefusedMs))}</text>`;
  return [
    `<text x="4" y="${view.top}">${profile}</text>`,
    `<text x="4" y="${y(top)}">${bytesText(top)}</text>`,
    `<line x1="${x(0)}" x2="${x(end)}" y1="${y(0)}" y2="${y(0)}" stroke="#888"/>`,
    limit,
    `<polyline points="${points}" fill="none" stroke="#06c"/>`,
    refused,
    `<text x="${x(end)}" y="${view.height - 8}" text-anchor="end">${msText(end)}</text>`,
  ].join("");
}

/** The longest outages that a policy outlasts, in words. */
import type { Outlasts } from "../../../models/policy/outlasts.ts";
import { seconds } from "./cells.ts";

export function outlastsText({ publishMs, deliveriesMs, dialsMs, startMs }: Outlasts): string {
  const parts = [
    `a durable publish ${duration(publishMs)}`,
    deliveriesMs === null ? "deliveries without end" : `a message's deliveries ${duration(deliveriesMs)}`,
    ...(dialsMs === undefined
      ? []
      : [dialsMs === null ? "dials without end" : `the client's dials ${duration(dialsMs)}`]),
    startMs === null ? "a start without end" : startMs === 0 ? "a start of one pass" : `a start ${duration(startMs)}`,
  ];
  return parts.join(" · ");
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** The two largest units that it has; below a minute in seconds. */
export function duration(ms: number): string {
  const first = units.findIndex(([name, unitMs]) => name !== "s" && ms >= unitMs);
  const [unit, next] = units.slice(first);
  if (first < 0 || unit === undefined || next === undefined) return seconds(ms);
  const whole = Math.floor(ms / unit[1]);
  const rest = Math.floor((ms - whole * unit[1]) / next[1]);
  return `${whole} ${unit[0]}${rest === 0 ? "" : ` ${rest} ${next[0]}`}`;
}

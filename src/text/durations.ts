/** A time as people read it, such as "1 min 30 s" or "250 ms". */
export function msText(ms: number): string {
  if (ms === 0) return "0 s";
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(ms / 86_400_000), "d"],
    [Math.floor(ms / 3_600_000) % 24, "h"],
    [Math.floor(ms / 60_000) % 60, "min"],
    [Math.floor(ms / 1_000) % 60, "s"],
    [ms % 1_000, "ms"],
  ];
  return parts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount} ${unit}`])).join(" ");
}

/** A span of time, such as "20 s to 30 s"; `mostMs` null: from then on. */
export const spanText = ({ leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number | null }): string =>
  mostMs === null || leastMs === mostMs ? msText(leastMs) : `${msText(leastMs)} to ${msText(mostMs)}`;

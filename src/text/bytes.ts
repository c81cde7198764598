/** A size as people read it, such as "32 MiB", "1.5 KiB" or "200 B". */
export function bytesText(bytes: number): string {
  for (const [unit, size] of units) if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  return `${bytes} B`;
}

const units: readonly (readonly [string, number])[] = [
  ["GiB", 1_073_741_824],
  ["MiB", 1_048_576],
  ["KiB", 1_024],
];

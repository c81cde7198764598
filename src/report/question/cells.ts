/** Columns and cells that the tables of a question share: "·" is none, "?" was not observed. */
import type { Paint } from "../paint.ts";
import type { Column } from "../table.ts";

export const left = (title: string): Column => ({ title, align: "left" });
export const right = (title: string): Column => ({ title, align: "right" });
export const mebibytes = (bytes: number | null): string =>
  bytes === null ? "?" : `${(bytes / 1_048_576).toFixed(1)} MiB`;
export const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(3))} s`;
export const orUnknown = (count: number | null): string => (count === null ? "?" : String(count));
export const orNone = (count: number | null, paint: Paint): string =>
  count === 0 ? paint("dim", "·") : orUnknown(count);

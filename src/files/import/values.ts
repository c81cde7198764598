/** Single values of other people's files, each read in the units of its format. A value of another kind is refused at its line. */
import { type FileSpot, isUnset, itemsOf, markRead, refuse } from "./spot.ts";

/** The three ways in which the formats write one duration. */
export type DurationUnit = "nanoseconds" | "go" | "seconds";

const plainValue = (spot: FileSpot): unknown => (spot.tree.kind === "scalar" ? spot.tree.value : undefined);

const shown = (spot: FileSpot): string => {
  if (spot.tree.kind === "map") return "a map";
  return spot.tree.kind === "list" ? "a list" : JSON.stringify(spot.tree.value);
};

export function textOf(spot: FileSpot): string {
  const value = plainValue(spot);
  markRead(spot);
  // YAML reads a name of digits as a number.
  if (typeof value === "string" || typeof value === "number") return String(value);
  return refuse(spot, `is ${shown(spot)}, and must be a text`);
}

export function textsOf(spot: FileSpot): readonly string[] {
  if (spot.tree.kind !== "list") return refuse(spot, `is ${shown(spot)}, and must be a list of texts`);
  markRead(spot);
  return itemsOf(spot).map(textOf);
}

export function oneOf<T extends string>(spot: FileSpot, known: readonly T[]): T {
  const text = textOf(spot);
  return (
    known.find(one => one === text) ??
    refuse(spot, `is ${JSON.stringify(text)}, and must be one of ${known.join(", ")}`)
  );
}

export function flagOf(spot: FileSpot): boolean {
  const value = plainValue(spot);
  markRead(spot);
  return typeof value === "boolean" ? value : refuse(spot, `is ${shown(spot)}, and must be true or false`);
}

export function wholeOf(spot: FileSpot): number {
  const value = plainValue(spot);
  markRead(spot);
  if (typeof value === "number" && Number.isInteger(value)) return value;
  return refuse(spot, `is ${shown(spot)}, and must be a whole number`);
}

/** A limit, where 0 and -1 are none. */
export function limitOf(spot: FileSpot): number | undefined {
  const value = wholeOf(spot);
  return value === 0 || value === -1 ? undefined : value;
}

const bytesOf: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of bytes as Kubernetes writes it, such as "256Mi" or "1e9"; undefined where it is none. */
export function quantityBytes(text: string): number | undefined {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text) ?? [];
  const bytes = Math.ceil(Number(amount) * (bytesOf[unit] ?? Number.NaN));
  return amount !== "" && Number.isSafeInteger(bytes) ? bytes : undefined;
}

export function quantityOf(spot: FileSpot): number {
  const text = textOf(spot);
  const bytes = quantityBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  return refuse(
    spot,
    `is ${JSON.stringify(text)}, which is no quantity of bytes: write it as "256Mi", "1Gi" or "500M"`,
  );
}

const nanosecondsOf: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1_000,
  µs: 1_000,
  μs: 1_000,
  ms: 1_000_000,
  s: 1_000_000_000,
  m: 60_000_000_000,
  h: 3_600_000_000_000,
};

/** Go's `time.Duration` as text, such as "1h30m", in nanoseconds; undefined where it is none. */
export function goNanoseconds(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce(
    (sum, [, amount = "", unit = ""]) => sum + Number(amount) * (nanosecondsOf[unit] ?? Number.NaN),
    0,
  );
}

/** A duration in whole milliseconds, rounded up. 0, -1 and an empty text are none. */
export function durationMsOf(spot: FileSpot, unit: DurationUnit): number | undefined {
  if (unit === "go") {
    if (isUnset(spot)) return void markRead(spot);
    const text = textOf(spot);
    const nanoseconds = goNanoseconds(text);
    if (nanoseconds === undefined)
      return refuse(
        spot,
        `is ${JSON.stringify(text)}, which is no duration of Go: write it as "90s", "1h30m" or "500ms"`,
      );
    return msOf(nanoseconds);
  }
  const value = plainValue(spot);
  markRead(spot);
  if (typeof value !== "number" || !(Number.isInteger(value) || unit === "seconds"))
    return refuse(
      spot,
      `is ${shown(spot)}, and must be a duration in ${unit}: a ${unit === "seconds" ? "" : "whole "}number`,
    );
  if (value === -1) return undefined;
  if (value < 0) return refuse(spot, `is ${value}, and a duration is not below 0`);
  return msOf(unit === "seconds" ? value * 1_000_000_000 : value);
}

const msOf = (nanoseconds: number): number | undefined =>
  nanoseconds === 0 ? undefined : Math.ceil(nanoseconds / 1_000_000 - 1e-9);

/**
 * What a snapshot does not hold, each with the reason: fields that differ from run to run or from machine to machine, and parts of
 * strings that do. Used by `split.ts` on every document, and nowhere else, so that this is the whole list.
 */

/** Stands where a value was left out. That there is a value is still held. */
export const varies = "(varies)";

export interface VolatileField {
  /** Matched against the field's path: names joined by dots, the places in arrays left out. */
  readonly path: RegExp;
  readonly reason: string;
}

export const volatileFields: readonly VolatileField[] = [
  { path: /(^|\.)(seconds|runsPerSecond|secondsPerRun)$/, reason: "time taken by this machine" },
  { path: /(^|\.)client$/, reason: "names the version of the client, and a dependency may be raised" },
  { path: /^worlds\.model\.(randomRuns|profiles\.(runs|neverExercised))$/, reason: "as many as four seconds allow" },
];

/** In every string; `root` is the folder of the package, `folder` the one that the command ran in. */
export function withoutPlaces(text: string, root: string, folder: string): string {
  return (
    text
      .replaceAll(folder, "(folder)")
      .replaceAll(root, "(package)")
      // A run's folder is named by the time at which it began.
      .replace(/\d{4}-\d{2}-\d{2}T\d{6}Z/g, "(time)")
      .replace(/\b\d+\.\d+ s\b/g, "(time) s")
      .replace(/\b[\d,]+ a second\b/g, "(rate) a second")
  );
}

/** The kept cases that a run began with, as the document has them and as lines of text. */
import { type Paint, plain } from "./paint.ts";
import { counted } from "./table.ts";

interface AboutFile {
  readonly file: string;
  readonly reason: string;
}

export interface KeptReport {
  readonly folder: string;
  /** Files in the folder. */
  readonly cases: number;
  readonly held: number;
  /** Recorded for another profile or policy than those asked for, or in times that this world does not keep. */
  readonly notFitting: number;
  readonly broken: readonly (AboutFile & { readonly property: string })[];
  /** Cases that could not be judged any more: each makes the verdict inconclusive. */
  readonly notJudged: readonly AboutFile[];
}

export const noneKept = (folder: string): KeptReport => ({
  ...{ folder, cases: 0, held: 0, notFitting: 0 },
  ...{ broken: [], notJudged: [] },
});

/** Nothing where none was kept. */
export function renderKept({ folder, cases, held, notFitting, broken, notJudged }: KeptReport, paint: Paint): string {
  if (cases === 0) return "";
  const parts = [
    `${held} held`,
    ...(broken.length === 0 ? [] : [paint("red", `${broken.length} broken`)]),
    ...(notJudged.length === 0 ? [] : [paint("yellow", `${notJudged.length} not judged`)]),
    ...(notFitting === 0 ? [] : [`${notFitting} of another profile, policy or time`]),
  ];
  return [
    `${paint("bold", "Kept cases")} (${counted(cases, "file")} in ${folder}, run first): ${parts.join(", ")}`,
    ...broken.map(one => `  ${paint("red", "✗")} ${one.file}: ${one.reason}`),
    ...notJudged.map(one => `  ${paint("yellow", "?")} ${one.file} cannot be judged: ${one.reason}`),
  ].join("\n");
}

export const keptText = (kept: KeptReport): string => renderKept(kept, plain);

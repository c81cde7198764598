/** Colour, where it is wanted: a terminal that has not said NO_COLOR. What is written to files is plain. */
import { styleText } from "node:util";
import type { Verdict } from "../../models/vocabulary/verdict.ts";

export type Ink = "bold" | "dim" | "red" | "green" | "yellow";
export type Paint = (ink: Ink, text: string) => string;

export const plain: Paint = (_ink, text) => text;

/** styleText asks the stream, and honours NO_COLOR, FORCE_COLOR and NODE_DISABLE_COLORS. */
export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (ink, text) =>
    styleText(ink, text, { stream });

const inks: Readonly<Record<Verdict, Ink>> = { holds: "green", violated: "red", inconclusive: "yellow" };

export const paintVerdict = (paint: Paint, verdict: Verdict, text: string = verdict): string =>
  paint(inks[verdict], text);

/** The verdict of a whole command, and whether a signal cut it short. */
export const paintConclusion = (paint: Paint, verdict: Verdict, interrupted: boolean): string =>
  paint("bold", paintVerdict(paint, verdict)) + (interrupted ? ", interrupted before the end" : "");

export const markOf = (paint: Paint, verdict: Verdict): string =>
  paintVerdict(paint, verdict, { holds: "✓", violated: "✗", inconclusive: "?" }[verdict]);

/** The verdict on a claim, as the failing test of a suite shows it. */
import { lineWith, replayLine } from "../findings/again.ts";
import type { HoldsVerdict } from "../holds/verdict.ts";
import { type Rendered, rendered } from "../text/clean.ts";
import { renderSelfTest } from "./not-shown.ts";
import { plain } from "./paint.ts";
import { counted } from "./table.ts";

/** The verdict for a person. The last line of a violation is the one that replays the file. */
export function renderHolds(held: HoldsVerdict, file: string): Rendered {
  const { shown, ...others } = held.verdict === "violated" ? held : { ...held, shown: "" };
  // What is shown of a violation was cleaned as it was made, and has lines.
  return rendered(one => textOf({ ...one, shown } as HoldsVerdict, file), others);
}

function textOf(held: HoldsVerdict, file: string): string {
  switch (held.verdict) {
    case "holds":
      return `✓ ${held.claim} held in ${counted(held.runs, "run")}, exercised ${counted(held.exercised, "time")}`;
    case "inconclusive":
      return `? ${held.claim} is inconclusive, which is no pass: ${held.reason}\n${renderSelfTest(held.selfTest, plain)}`.trimEnd();
    case "violated":
      return `${held.shown}\n\n${lineWith(replayLine(file), held.replayWith)}`;
  }
}

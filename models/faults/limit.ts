/** Exactly `bytes` more upstream bytes get through, and then the link is cut. */
import {
  faultInForce,
  givesUp,
  notStarted,
  pings,
  resetDrops,
  resets,
  timersRace,
  unjudgeable,
} from "../plan/reasons.ts";
import { type FaultKind, type FaultOf, type LetterScope, noLife } from "./fault.ts";

const anchorNeedsFlush = unjudgeable("a byte anchor needs a flushed link");

const anchors = [
  { name: "a byte less than a frame", frames: 1, more: -1 },
  { name: "a frame", frames: 1, more: 0 },
  { name: "a byte more than a frame", frames: 1, more: 1 },
  { name: "two frames", frames: 2, more: 0 },
] as const;

/** Byte anchors that this number of publishes can reach. */
export const anchorsFor = ({ publishes }: Pick<LetterScope, "publishes">) =>
  anchors.filter(({ frames, more }) => publishes > frames || (publishes === frames && more <= 0));

export const limit: FaultKind<FaultOf<"limit">> = {
  kind: "limit",
  capability: "limit",
  takesEffect: "at-a-publish",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.hindrance !== "none") return faultInForce;
    if (pings(setting) || givesUp(setting)) return timersRace;
    if (!view.quiet) return anchorNeedsFlush;
    return resets(setting) ? resetDrops : undefined;
  },
  install(view, step, { bytes }) {
    view.hindrance = "limit";
    view.limitBytesLeft = bytes;
    view.limitStep = step;
    return noLife;
  },
  harm() {},
  words: ({ bytes }) => `cut the link after ${bytes} more bytes`,
  letters: scope =>
    anchorsFor(scope).map(({ name, frames, more }) => ({
      name: `limit, ${name}`,
      fault: ({ frameBytes }) => ({ kind: "limit", bytes: frames * frameBytes + more }) as const,
    })),
};

/** Long work in one piece, which the process leaves now and then for a moment: a signal is heard only there. */
import { setImmediate } from "node:timers/promises";

const pauseEveryMs = 100;

/** Pauses where the last pause was a while ago. Called between two pieces of the work. */
export function pauses(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < pauseEveryMs) return;
    await setImmediate();
    last = performance.now();
  };
}

/** Does the work to its end, or gives it up: undefined once `isOver`. It yields between two pieces. */
export async function heeding<Made>(work: Generator<void, Made>, isOver: () => boolean): Promise<Made | undefined> {
  const pause = pauses();
  for (let piece = work.next(); ; piece = work.next()) {
    if (piece.done === true) return piece.value;
    await pause();
    if (isOver()) return undefined;
  }
}

/** Does the work in one go. */
export function atOnce<Made>(work: Generator<void, Made>): Made {
  for (let piece = work.next(); ; piece = work.next()) if (piece.done === true) return piece.value;
}

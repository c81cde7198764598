/**
 * Two clocks. The scenario's own time stands still except for its `advance` steps; the real parts have clocks that run on. What a
 * policy has measured by those (a duplicate window, an ack wait, a startup deadline) is waited for where the scenario's time has
 * come to it. Where the real time came to it first, the case is given up: what the parts did then proves nothing.
 */
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import { type Course, giveUp, type Timer } from "./course.ts";

/** The ids of what a client may have kept, to send it once it is connected again. */
export const keptIds = "kept";

/** nats-server, stream.go, purgeMsgIds: a window that has ended is forgotten at a timer that fires at most every 50 ms. */
const clockSlackMs = 100;

/** Waits until that moment, and a little beyond it for the server's own timers; not at all where it is past. */
export async function untilReal({ rig: { clock } }: Course, realMs: number): Promise<void> {
  const leftMs = realMs - clock.nowMs();
  if (leftMs > 0) await clock.wait(Math.ceil(leftMs) + clockSlackMs);
}

/** What waits for an acknowledgement and is due by then, the earliest first. */
export const dueAckWaits = ({ timers }: Course, untilMs: number): readonly Timer[] =>
  timers
    .filter(timer => timer.what === "ack wait" && timer.atMs <= untilMs)
    .sort((one, other) => one.atMs - other.atMs);

/** Waits for the windows and first passes that end by then. */
export async function awaitWindows(course: Course, untilMs: number): Promise<void> {
  const due = course.timers.filter(({ what, atMs }) => (what === "window" || what === "first pass") && atMs <= untilMs);
  await untilReal(course, Math.max(0, ...due.map(timer => timer.realMs)));
}

/** The scenario's time is there now. An ack wait is over only once its message was given again. */
export function comeTo(course: Course, atMs: number): void {
  course.nowMs = atMs;
  course.timers = course.timers.filter(timer => timer.what === "ack wait" || timer.atMs > atMs);
}

export function dropTimers(course: Course, ...what: readonly Timer["what"][]): void {
  course.timers = course.timers.filter(timer => !what.includes(timer.what));
}

/** Gives the case up where the real clocks came to something before the scenario's time did. `ids`: whose window matters here. */
export function checkClocks(course: Course, step: StepId, ids?: string): void {
  const now = course.rig.clock.nowMs();
  const early = course.timers.find(
    timer =>
      timer.atMs > course.nowMs &&
      (timer.earliestMs ?? timer.realMs) <= now &&
      (timer.what !== "window" || timer.ids === ids),
  );
  if (early !== undefined) ranAhead(step, early);
}

export function ranAhead(step: StepId, early: Timer): never {
  giveUp(step, `${early.what}s to run by the scenario's time and not ahead of it`);
}

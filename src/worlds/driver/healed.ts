/**
 * A client that is back stays connected. One that cannot hold a link on which nothing is wrong, or reconnects again and again, ends most
 * cases in a wait that is not met. The link and the server are then asked whether they are well, before and after a look at the client.
 */
import type { SettleStep } from "../../../models/plan/plan.ts";
import { longestWaitMs } from "../../../models/policy/attempts.ts";
import { busOf, type Course } from "./course.ts";
import { sayEvents } from "./hearing.ts";

/** Fewer may come of a dial that was still under way. */
const timesMin = 3;
const reconnectWaits = 10;
const watchedMsMin = 1_000;
const watchedMsMax = 2_000;
const lookEveryMs = 5;

/**
 * Emits `healed-link-lost` where the client has lost its connection since `mark`, everything being healed, and goes on doing so. A client
 * with PINGs of its own may give a busy machine up, so it is not judged.
 */
export async function lookForLosses(course: Course, { before }: SettleStep, mark: number): Promise<void> {
  const { one, rig, emit } = course;
  const { options } = one.scenario;
  const isRunning = before.ended === "no" && course.running.has(0) && options.pingIntervalMs === undefined;
  if (!isRunning || lossesSince(course, mark) === 0 || !(await isWell(course))) return;
  const beganMs = rig.clock.nowMs();
  const watchedMs = Math.min(watchedMsMax, Math.max(watchedMsMin, reconnectWaits * longestWaitMs(options)));
  while (lossesSince(course, mark) < timesMin && rig.clock.nowMs() - beganMs < watchedMs)
    await rig.clock.wait(lookEveryMs);
  const times = lossesSince(course, mark);
  if (times < timesMin || !(await isWell(course))) return;
  sayEvents(course);
  emit({
    kind: "healed-link-lost",
    times,
    proof: "the link was open with nothing on it and the server was running, before and after",
  });
}

/** The number of times since `mark` that a client which was up has said that it is disconnected. */
function lossesSince(course: Course, mark: number): number {
  let isUp = false;
  let losses = 0;
  const events = busOf(course).eventsSince(course.caseMark);
  const before = events.length - busOf(course).eventsSince(mark).length;
  for (const [i, event] of events.entries()) {
    if (event.event !== "connection") continue;
    if (i >= before && isUp && event.change === "disconnected") losses += 1;
    isUp = event.change === "connected" || event.change === "reconnected";
  }
  return losses;
}

/** True where the link, asked anew, is open with nothing on it, and the server runs. */
export async function isWell({ rig: { link, server } }: Course): Promise<boolean> {
  return link.isOpen && server.isRunning && !server.isHalted && (await link.stillShows());
}

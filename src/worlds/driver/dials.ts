/**
 * An outage whose dials are counted: the link refuses each of them and says how many there were. So the harness knows what the client's
 * attempts leave it. Time alone would not tell: on a busy machine a client dials less often than its wait allows.
 *
 * A heal lets dials through in the moment in which it has refused the last one that it waits for. One dial at least is refused after the heal
 * has begun, and a client makes one dial after the other. So the one that gets through began later than everything published while down.
 *
 * Where the outage used up what a client that is right may make, nothing is shown, and the case ends.
 */
import type { ScenarioStep, View } from "../../../models/plan/plan.ts";
import { dialsBeforeGivingUp, longestWaitMs } from "../../../models/policy/attempts.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import { noteClosed } from "./closed.ts";
import { type Course, giveUp, giveUpByHarness, mustBe } from "./course.ts";
import { sayEvents } from "./hearing.ts";
import { mustShow, mustStillShow } from "./link.ts";
import type { RefusedDials } from "./rig.ts";
import { lookForStrangers } from "./strangers.ts";
import { awaitConnections, connectTimeoutMs, giveUpBoundMs, hasSaid, notAwaited } from "./waits.ts";
import { noteLosses } from "./wire.ts";

const pollEveryMs = 1;
/** The longest that the dials of one heal may take beyond the client's own waits. */
const acceptBoundMs = 10_000;

export async function refuseDials(course: Course, step: StepId): Promise<void> {
  await lookForStrangers(course);
  noteLosses(course);
  await course.rig.link.refuseDials();
  mustBe(step, "the cut", course.rig.link.refusedDials() !== undefined);
}

/** Waits until the client has closed, or has dialled once more than it may. */
export async function awaitGivenUp(course: Course, step: StepId): Promise<void> {
  const { clock } = course.rig;
  const until = clock.nowMs() + giveUpBoundMs;
  while (!hasClosed(course) && refusedIn(course).count <= dialsMaxOf(course)) {
    if (clock.nowMs() > until) return notAwaited(course, step, "the client to say that it is closed");
    await clock.wait(pollEveryMs);
  }
  sayEvents(course);
  const refused = refusedIn(course);
  mustBeInTime(step, refused);
  course.emit({ kind: "dialled", step, count: refused.count, end: hasClosed(course) ? "gave-up" : "went-on" });
}

/** Ends the case where the outage has used up the client's attempts, so that giving up would be right. */
export function checkDials(course: Course, { step, before, after }: ScenarioStep): void {
  const refused = course.rig.link.refusedDials();
  if (refused === undefined || after.dialsAwaited === 0 || before.ended === "closed") return;
  mustLeaveAttempts(course, step.id, refused.count);
  mustBeInTime(step.id, refused);
}

/** Lets dials through again, after as many as the outage is to refuse. */
export async function acceptDials(course: Course, step: StepId, heldDownstream: boolean, before: View): Promise<void> {
  const { harm, rig } = course;
  const { clock, link } = rig;
  await awaitConnections(course, step, open => open.every(one => one.name !== course.name));
  await noteClosed(course);
  await mustStillShow(
    course,
    step,
    ...(course.one.scenario.options.cutsWith === "rst" ? (["closes-with-rst"] as const) : []),
  );
  if (heldDownstream) {
    await link.lay("hold-downstream");
    mustShow(course, step, "hold-downstream");
  }
  harm.handshakeAtMs = clock.nowMs();
  if (!before.started || before.ended === "closed") {
    await link.acceptDials(0);
    return;
  }
  let isOpen = false;
  const opening = link.acceptDials(before.dialsAwaited).then(all => {
    isOpen = true;
    harm.handshakeAtMs = clock.nowMs();
    return all;
  });
  const until = clock.nowMs() + acceptBoundMs + before.dialsAwaited * longestWaitMs(course.one.scenario.options);
  while (!isOpen && !hasClosed(course) && clock.nowMs() <= until) await clock.wait(pollEveryMs);
  const isClosed = hasClosed(course);
  await link.acceptDials(0);
  const refused = await opening;
  if (!isClosed && refused.count < before.dialsAwaited)
    giveUp(step, `${before.dialsAwaited} dials to be refused; there were ${refused.count}`);
  mustLeaveAttempts(course, step, refused.count);
  mustBeInTime(step, refused);
  // The client's next report may be there already, and comes after the outage.
  course.emit({ kind: "dialled", step, count: refused.count, end: "healed" });
  sayEvents(course);
}

const hasClosed = (course: Course): boolean => hasSaid(course, "closed", course.harm.mark);

const dialsMaxOf = ({ one: { profile, scenario } }: Course): number => dialsBeforeGivingUp(profile, scenario.options);

function refusedIn({ rig: { link } }: Course): RefusedDials {
  const refused = link.refusedDials();
  if (refused === undefined) throw new Error("fault in faultline: dials are counted where none are refused");
  return refused;
}

function mustLeaveAttempts(course: Course, step: StepId, count: number): void {
  const most = dialsMaxOf(course);
  if (count >= most) giveUp(step, `an outage of fewer than ${most} dials; it has refused ${count}`);
}

/** A dial that was not answered in time counts for the client, and for the link perhaps only later. */
function mustBeInTime(step: StepId, { longestGapMs }: RefusedDials): void {
  if (longestGapMs >= connectTimeoutMs)
    giveUpByHarness(
      step,
      `every dial to be refused before the client gives it up; ${Math.round(longestGapMs)} ms went by without one`,
    );
}

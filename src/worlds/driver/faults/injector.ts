/** How one kind of fault is done for real: put in force and proven, seen to be in force still before its heal, ended. */
import type { FaultOf } from "../../../../models/faults/fault.ts";
import type { View } from "../../../../models/plan/plan.ts";
import type { Fault, HealAwait, StepId } from "../../../../models/vocabulary/scenario.ts";
import { busOf, type Course } from "../course.ts";
import { proven } from "../hearing.ts";
import { awaitSaid, giveUpBoundMs } from "../waits.ts";

export type { FaultOf };

export interface Injector<F extends Fault = Fault> {
  /** Returns when the fault is in force; ends the case where it is not. */
  install(course: Course, step: StepId, fault: F, before: View): Promise<void>;
  /** Whether a heal in this view has such a fault to end. */
  isToHeal(view: View): boolean;
  heal(course: Course, step: StepId, before: View, awaits: HealAwait): Promise<void>;
}

/** A client is there that has been connected and is not closed: a fault that ends its connection is one that it notices. */
export const hasClient = (view: View): boolean => view.started && view.ended === "no" && view.process !== "waiting";

/** The client's own disconnect event is to show that the fault took effect. */
export function expectDisconnect(course: Course, step: StepId, fault: Fault["kind"], view: View): void {
  if (hasClient(view)) course.harm.unproven.push({ step, fault });
}

/** The connection has been ended: the client says so, where the fault waits for that. */
export async function connectionEnded(
  course: Course,
  step: StepId,
  { kind, awaits }: FaultOf<"cut" | "stop-server">,
  before: View,
): Promise<void> {
  if (!hasClient(before)) proven(course, step, kind, "the proxy is gone");
  else if (awaits !== "none") {
    await awaitSaid(course, step, "disconnected", course.harm.mark);
    if (awaits === "gave-up") await awaitSaid(course, step, "closed", course.harm.mark, giveUpBoundMs);
  }
}

/** What the client says from here on is about the heal. */
export function markHeal(course: Course, before: View): void {
  course.harm.mark = before.started ? busOf(course).mark() : 0;
}

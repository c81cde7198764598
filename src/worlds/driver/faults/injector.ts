/** The real way to do one kind of fault: install and prove it, see before the heal that it is still in force, end it. */
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
  /** True where a heal in this view has such a fault to end. */
  isToHeal(view: View): boolean;
  heal(course: Course, step: StepId, before: View, awaits: HealAwait): Promise<void>;
}

/** A client has been connected and is not closed, so it notices a fault that ends its connection. */
export const hasClient = (view: View): boolean => view.started && view.ended === "no" && view.process !== "waiting";

/** The client's own disconnect event is to show that the fault took effect. */
export function expectDisconnect(course: Course, step: StepId, fault: Fault["kind"], view: View): void {
  if (hasClient(view)) course.harm.unproven.push({ step, fault });
}

/** The connection has ended. Waits until the client reports it, if the fault waits for that. */
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

/** The client's reports from here on are about the heal. */
export function markHeal(course: Course, before: View): void {
  course.harm.mark = before.started ? busOf(course).mark() : 0;
}

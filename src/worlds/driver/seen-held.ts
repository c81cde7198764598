/**
 * The messages that a stream was seen to hold during the case, where a limit may take some. A message that was there once was stored, so its absence
 * at the end is no lie of the bus. Numbers alone cannot tell that where some calls were left without an answer.
 */
import type { View } from "../../../models/plan/plan.ts";
import { mayDiscard } from "../../../models/policy/limits.ts";
import type { Fault, Step } from "../../../models/vocabulary/scenario.ts";
import type { Course, ServiceCourse } from "./course.ts";
import { endings } from "./sequences.ts";

/** Steps after which streams may hold something new. */
const storing: readonly Step["kind"][] = ["publish", "heal", "together", "flush", "start"];

/** Looks at the streams after a step, where they can be asked. */
export async function noteHeld(course: Course, service: ServiceCourse, view: View, step: Step["kind"]): Promise<void> {
  const limited = service.policy.streams.filter(mayDiscard);
  if (limited.length === 0 || !storing.includes(step) || !canBeAsked(course, view)) return;
  const { streams } = course.rig;
  const there = await streams.names();
  for (const { name } of limited) {
    if (!there.includes(name)) continue;
    const { runs } = await streams.held(name);
    const seen = service.seenHeld.get(name) ?? new Set();
    for (const { first, count } of runs) for (let m = first; m < first + count; m++) seen.add(m);
    service.seenHeld.set(name, seen);
  }
}

const canBeAsked = ({ rig: { server } }: Course, view: View): boolean =>
  server.isRunning && !server.isHalted && view.serverUp && view.jetStream && view.door !== "refuses";

/** A stream that ends with its server, or with the disk, is another one afterwards. */
export function forgetHeld({ service }: Course, fault: Fault): void {
  if (service === undefined || !endings.includes(fault.kind)) return;
  const isLost = fault.kind === "power-loss" || (fault.kind === "stop-server" && fault.store === "lost");
  for (const { name, storage } of service.policy.streams)
    if (isLost || storage === "memory") service.seenHeld.delete(name);
}

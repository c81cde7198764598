/** The server's process ends, and comes back at the heal, with its store or without. The link is down meanwhile. */
import type { StepId } from "../../../../models/vocabulary/scenario.ts";
import { type Course, mustBe } from "../course.ts";
import { cutLink } from "../link.ts";
import { noteLosses } from "../wire.ts";
import { connectionEnded, expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const stopServer: Injector<FaultOf<"stop-server">> = {
  async install(course, step, fault, before) {
    const { server } = course.rig;
    expectDisconnect(course, step, fault.kind, before);
    noteLosses(course);
    await server.stop(fault.signal);
    course.harm.serverDown = true;
    course.harm.storeLost = fault.store === "lost";
    mustBe(step, "the stop", !server.isRunning);
    await connectionEnded(course, step, fault, before);
    // A dial that met a proxy without a server behind it would be one more event, and none is wanted.
    await cutLink(course, false);
  },
  // The link is down, which is what cut.ts heals; it brings the server back first.
  isToHeal: () => false,
  heal: async () => {},
};

/** Called before the link to it opens again. */
export async function bringServerBack(course: Course, step: StepId): Promise<void> {
  const { harm, rig } = course;
  mustBe(step, "the stop", !rig.server.isRunning);
  await rig.server.restart(harm.storeLost ? { store: "lost" } : {});
  serverIsBack(course);
}

/** The server is again as every case finds it at its beginning. */
export function serverIsBack({ harm }: Course): void {
  harm.serverDown = false;
  harm.serverChanged = false;
  harm.storeLost = false;
}

/** Exactly `bytes` more upstream bytes get through, and then the link is cut. */
import type { StepId } from "../../../../models/vocabulary/scenario.ts";
import type { Course } from "../course.ts";
import { cutLink, lay, mustStillShow } from "../link.ts";
import { awaitConnections, awaitSaid } from "../waits.ts";
import { expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const limit: Injector<FaultOf<"limit">> = {
  async install(course, step, { kind, bytes }, before) {
    expectDisconnect(course, step, kind, before);
    // A dial right after the limit would find a fresh one. It gets no INFO, and can do nothing, until the proxy is gone.
    await lay(course, step, "hold-downstream");
    await lay(course, step, "limit", bytes);
  },
  isToHeal: view => view.hindrance === "limit",
  async heal(course, step) {
    const { link } = course.rig;
    await mustStillShow(course, step, "limit", "hold-downstream");
    await link.lift("limit");
    await link.lift("hold-downstream");
  },
};

/** The limit has ended the connection once the server has let go of it. What got through is then final. */
export async function limitReached(course: Course, fault: StepId): Promise<void> {
  await awaitConnections(course, fault, open => open.every(one => one.name !== course.name));
  await cutLink(course, false);
  await awaitSaid(course, fault, "disconnected", course.harm.mark);
}

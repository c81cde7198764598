/** The next acknowledgement of a stream is cut off, and its connection with it; every dial is refused until the heal. */
import type { StepId } from "../../../../models/vocabulary/scenario.ts";
import type { Course } from "../course.ts";
import { cutLink, lay, mustStillShow } from "../link.ts";
import { awaitSaid } from "../waits.ts";
import type { FaultOf, Injector } from "./injector.ts";

export const loseAck: Injector<FaultOf<"lose-ack">> = {
  async install(course, step, { kind }) {
    await lay(course, step, "lose-downstream");
    course.harm.unproven.push({ step, fault: kind });
  },
  isToHeal: view => view.hindrance === "lose-ack",
  async heal(course, step) {
    const { link } = course.rig;
    if (!link.isOpen) return;
    await mustStillShow(course, step, "lose-downstream");
    await link.lift("lose-downstream");
  },
};

/** A publish that waits for its acknowledgement has been sent: it is cut off now. */
export async function acknowledgementLost(course: Course, fault: StepId): Promise<void> {
  await awaitSaid(course, fault, "disconnected", course.harm.mark);
  await cutLink(course, false);
}

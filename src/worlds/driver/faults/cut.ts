/** The connection ends, and every dial is refused until the heal. Any other cause for a link that is down is healed here, too. */
import { mustBe } from "../course.ts";
import { acceptDials, awaitGivenUp, refuseDials } from "../dials.ts";
import { cutLink, mustStillShow, openLinkAgain } from "../link.ts";
import { awaitSaid } from "../waits.ts";
import { connectionEnded, expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const cut: Injector<FaultOf<"cut">> = {
  async install(course, step, fault, before) {
    const { link } = course.rig;
    expectDisconnect(course, step, fault.kind, before);
    if (course.one.scenario.options.cutsWith === "rst") await mustStillShow(course, step, "closes-with-rst");
    if (fault.dials !== undefined) {
      await refuseDials(course, step);
      await awaitSaid(course, step, "disconnected", course.harm.mark);
      if (fault.dials === "all") await awaitGivenUp(course, step);
      return;
    }
    await cutLink(course, before.quiet);
    mustBe(step, "the cut", !link.isOpen);
    await connectionEnded(course, step, fault, before);
  },
  isToHeal: view => view.link === "down" && view.door === "shut",
  heal: (course, step, before, awaits) =>
    course.rig.link.refusedDials() === undefined
      ? openLinkAgain(course, step, awaits === "handshake")
      : acceptDials(course, step, awaits === "handshake", before),
};

/** The connection ends, and every dial is refused until the heal. Any other cause for a link that is down is healed here, too. */
import { mustBe } from "../course.ts";
import { mustStillShow, openLinkAgain } from "../link.ts";
import { connectionEnded, expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const cut: Injector<FaultOf<"cut">> = {
  async install(course, step, fault, before) {
    const { link } = course.rig;
    expectDisconnect(course, step, fault.kind, before);
    if (course.one.scenario.options.cutsWith === "rst") await mustStillShow(course, step, "closes-with-rst");
    await link.cut();
    mustBe(step, "the cut", !link.isOpen);
    await connectionEnded(course, step, fault, before);
  },
  isToHeal: view => view.link === "down" && view.door === "shut",
  heal: (course, step, _before, awaits) => openLinkAgain(course, step, awaits === "handshake"),
};

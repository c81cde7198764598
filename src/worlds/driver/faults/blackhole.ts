/** Upstream bytes are dropped silently. The heal ends the connection. */
import { busOf } from "../course.ts";
import { proven } from "../hearing.ts";
import { mustShow, mustStillShow, openLinkAgain } from "../link.ts";
import type { FaultOf, Injector } from "./injector.ts";

export const blackhole: Injector<FaultOf<"blackhole">> = {
  async install(course, step) {
    await course.rig.link.lay("blackhole");
    mustShow(course, step, "blackhole");
    proven(course, step, "blackhole", "the proxy lists it");
  },
  isToHeal: view => view.hindrance === "blackhole",
  async heal(course, step) {
    await mustStillShow(course, step, "blackhole");
    course.harm.mark = busOf(course).mark();
    await course.rig.link.cut();
    await openLinkAgain(course, step, false);
  },
};

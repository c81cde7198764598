/** Upstream bytes are dropped silently. The heal ends the connection. */
import { busOf } from "../course.ts";
import { proven } from "../hearing.ts";
import { cutLink, lay, mustStillShow, openLinkAgain } from "../link.ts";
import type { FaultOf, Injector } from "./injector.ts";

export const blackhole: Injector<FaultOf<"blackhole">> = {
  async install(course, step) {
    await lay(course, step, "blackhole");
    proven(course, step, "blackhole", "the proxy lists it");
  },
  isToHeal: view => view.hindrance === "blackhole",
  async heal(course, step) {
    await mustStillShow(course, step, "blackhole");
    course.harm.mark = busOf(course).mark();
    await cutLink(course, false);
    await openLinkAgain(course, step, false);
  },
};

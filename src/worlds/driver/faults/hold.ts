/** Upstream bytes are kept in the link, in order, until the heal. */
import { proven } from "../hearing.ts";
import { lay, mustStillShow } from "../link.ts";
import { awaitConnections } from "../waits.ts";
import type { FaultOf, Injector } from "./injector.ts";

export const hold: Injector<FaultOf<"hold">> = {
  async install(course, step) {
    await lay(course, step, "hold");
    proven(course, step, "hold", "the proxy lists it");
  },
  isToHeal: view => view.hindrance === "hold",
  async heal(course, step, view) {
    const { link } = course.rig;
    if (!link.isOpen) return;
    await mustStillShow(course, step, "hold");
    await link.lift("hold");
    // No flush of a client that has ended tells when the link has given what it held. The end of the connection comes behind that.
    if (view.ended === "closed" || !course.running.has(0))
      await awaitConnections(course, step, open => open.every(one => one.name !== course.name));
  },
};

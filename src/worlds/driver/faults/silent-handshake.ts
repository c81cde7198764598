/** Dials are accepted, and the server never greets. */
import { proven } from "../hearing.ts";
import { cutLink, mustStillShow, openLink } from "../link.ts";
import { type FaultOf, type Injector, markHeal } from "./injector.ts";

export const silentHandshake: Injector<FaultOf<"silent-handshake">> = {
  async install(course, step, { kind }) {
    await cutLink(course, false);
    await openLink(course, step, { silentHandshake: true });
    proven(course, step, kind, "the proxy lists it");
  },
  isToHeal: view => view.door === "silent",
  async heal(course, step, before) {
    markHeal(course, before);
    await mustStillShow(course, step, "silent-handshake");
    await cutLink(course, false);
    await openLink(course, step);
  },
};

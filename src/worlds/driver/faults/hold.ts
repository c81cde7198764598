/** Upstream bytes are kept in the link, in order, until the heal. */
import type { StepId } from "../../../../models/vocabulary/scenario.ts";
import { type Course, giveUpByHarness } from "../course.ts";
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
    const { link, server } = course.rig;
    if (!link.isOpen) return;
    await mustStillShow(course, step, "hold");
    const isEnded = view.ended === "closed" || !course.running.has(0);
    const left = isEnded ? (await server.connections()).filter(one => one.name === course.name) : [];
    await link.lift("hold");
    if (!isEnded) return;
    // No flush of a client that has ended tells when the link has given what it held. The end of the connection comes behind that.
    await awaitConnections(course, step, open => open.every(one => one.name !== course.name));
    for (const { cid } of left) await mustBeRead(course, step, cid);
  },
};

const allRead = "Client Closed";

/**
 * The server has read all that the link held. Toxiproxy closes its end with what the server has written to a client that is gone still unread, and
 * that resets the connection: the server then loses what it has not read yet (F-317 of docs/facts.md).
 */
async function mustBeRead({ rig: { server } }: Course, step: StepId, cid: number): Promise<void> {
  const end = await server.endOf(cid);
  if (end !== undefined && end !== allRead)
    giveUpByHarness(
      step,
      `what the link held for a client that is gone to be read, and it ended the connection first: ${end}`,
    );
}

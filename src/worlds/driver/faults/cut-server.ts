/** The server of the pool that the client is connected to is cut off, and the client's own events show that it goes on to another one. */
import { type Course, giveUpByHarness, mustBe } from "../course.ts";
import { awaitBack, awaitConnections, awaitSaid } from "../waits.ts";
import { noteLosses } from "../wire.ts";
import { expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const cutServer: Injector<FaultOf<"cut-server">> = {
  async install(course, step, fault, before) {
    const { link } = course.rig;
    const port = connectedTo(course);
    if (port === undefined) giveUpByHarness(step, "the server that the client is connected to, to be known");
    expectDisconnect(course, step, fault.kind, before);
    if (!before.quiet) noteLosses(course);
    await link.cutAt(port);
    mustBe(step, "the cut of one server", !link.isOpenAt(port));
    if (!link.isOpen) return awaitSaid(course, step, "disconnected", course.harm.mark);
    await awaitBack(course, step, before);
    // What was under way on the connection before comes before anything that is published from now on.
    await awaitConnections(course, step, open => open.filter(one => one.name === course.name).length === 1);
  },
  isToHeal: view => view.serversCut > 0,
  heal: course => course.rig.link.openRest(),
};

const connectedTo = ({ rig: { link }, first }: Course): number | undefined =>
  link.ports.find(port => link.isOpenAt(port) && first.isConnectedTo(port));

/**
 * The server of the pool that the client is connected to is cut off, or its connection alone ends. The client's own events show that it goes on
 * to another one, or closes.
 */
import { lossOf } from "../../../../models/faults/cut-server.ts";
import { dialsBeforeGivingUp, longestWaitMs } from "../../../../models/policy/attempts.ts";
import { type Course, giveUpByHarness, mustBe } from "../course.ts";
import { awaitBack, awaitConnections, awaitSaid, giveUpBoundMs } from "../waits.ts";
import { noteLosses } from "../wire.ts";
import { expectDisconnect, type FaultOf, type Injector } from "./injector.ts";

export const cutServer: Injector<FaultOf<"cut-server">> = {
  async install(course, step, fault, before) {
    const { link } = course.rig;
    const { profile, scenario } = course.one;
    await awaitDialsDue(course);
    const port = connectedTo(course);
    if (port === undefined) giveUpByHarness(step, "the server that the client is connected to, to be known");
    expectDisconnect(course, step, fault.kind, before);
    if (!before.quiet) noteLosses(course);
    if (fault.stays === true) await link.endAt(port);
    else {
      await link.cutAt(port);
      mustBe(step, "the cut of one server", !link.isOpenAt(port));
    }
    const { mark } = course.harm;
    switch (lossOf(before, fault, { profile, options: scenario.options })) {
      case "hops":
        await awaitBack(course, step, before);
        // What was under way on the connection before comes before anything that is published from now on.
        return void (await awaitConnections(
          course,
          step,
          open => open.filter(one => one.name === course.name).length === 1,
        ));
      case "closes":
        await awaitSaid(course, step, "disconnected", mark);
        return awaitSaid(course, step, "closed", mark, giveUpBoundMs);
      case "down":
        return awaitSaid(course, step, "disconnected", mark);
    }
  },
  isToHeal: view => view.link === "up" && view.serversCut > 0,
  heal: course => course.rig.link.openRest(),
};

const connectedTo = ({ rig: { link }, first }: Course): number | undefined =>
  link.ports.find(port => link.isOpenAt(port) && first.isConnectedTo(port));

/** The time by which a clock of the client may be behind. */
const lateMs = 5;

/** A server that was dialled a moment ago is passed over by nats.js, which then costs it no attempt. */
async function awaitDialsDue({ one, rig }: Course): Promise<void> {
  const { options } = one.scenario;
  if (dialsBeforeGivingUp(one.profile, options) === Number.POSITIVE_INFINITY) return;
  await rig.clock.wait(longestWaitMs(options) + lateMs);
}

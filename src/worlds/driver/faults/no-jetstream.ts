/** The server runs without JetStream until the heal, and its operator makes the streams only then. */
import { mustBe } from "../course.ts";
import { proven } from "../hearing.ts";
import { operate } from "../operator.ts";
import { noteLosses } from "../wire.ts";
import { type FaultOf, type Injector, markHeal } from "./injector.ts";
import { serverIsBack } from "./stop-server.ts";

export const noJetStream: Injector<FaultOf<"no-jetstream">> = {
  async install(course, step, { kind }) {
    const { server } = course.rig;
    noteLosses(course);
    await server.restart({ jetStream: false });
    serverIsBack(course);
    course.harm.serverChanged = true;
    mustBe(step, kind, !(await server.state()).hasJetStream);
    proven(course, step, kind, "the server says that it has none");
  },
  isToHeal: view => !view.jetStream,
  async heal(course, step, before) {
    const { server } = course.rig;
    markHeal(course, before);
    mustBe(step, "no-jetstream", !(await server.state()).hasJetStream);
    await server.restart();
    serverIsBack(course);
    await operate(course);
  },
};

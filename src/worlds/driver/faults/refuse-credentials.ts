/** The server wants credentials that the bus does not have. */
import { mustBe } from "../course.ts";
import { proven } from "../hearing.ts";
import { noteLosses } from "../wire.ts";
import { type FaultOf, type Injector, markHeal } from "./injector.ts";
import { serverIsBack } from "./stop-server.ts";

const credentials = { user: "faultline", password: "of-another-case" };

export const refuseCredentials: Injector<FaultOf<"refuse-credentials">> = {
  async install(course, step, { kind }) {
    const { server } = course.rig;
    noteLosses(course);
    await server.restart({ authorization: credentials });
    course.harm.serverChanged = true;
    mustBe(step, kind, (await server.state()).requiresCredentials);
    proven(course, step, kind, "the server says that it wants them");
  },
  isToHeal: view => view.door === "refuses",
  async heal(course, step, before) {
    const { server } = course.rig;
    markHeal(course, before);
    mustBe(step, "refuse-credentials", (await server.state()).requiresCredentials);
    await server.restart();
    serverIsBack(course);
  },
};

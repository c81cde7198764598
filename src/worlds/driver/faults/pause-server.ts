/** Every thread of the server stands still, and the kernel keeps what is sent to it; the heal lets it go on. */
import { mustBe } from "../course.ts";
import { proven } from "../hearing.ts";
import { awaitConnections } from "../waits.ts";
import { noteLosses } from "../wire.ts";
import type { FaultOf, Injector } from "./injector.ts";

export const pauseServer: Injector<FaultOf<"pause-server">> = {
  async install(course, step, { kind }) {
    const { harm, name, rig } = course;
    harm.pausedCid = (await rig.server.connections()).find(one => one.name === name)?.cid;
    noteLosses(course);
    await rig.server.pause();
    harm.paused = true;
    mustBe(step, "the pause", rig.server.isHalted);
    proven(course, step, kind, "every thread of the server stands still");
  },
  isToHeal: view => view.hindrance === "pause",
  async heal(course, step, before) {
    const { harm, rig } = course;
    mustBe(step, "the pause", rig.server.isHalted);
    await rig.server.resume();
    harm.paused = false;
    const isConnected = before.link === "up" && before.client === "connected";
    // The server reads what the kernel kept for it, and lets go of the connection that the client has closed.
    if (!isConnected) await awaitConnections(course, step, open => open.every(one => one.cid !== harm.pausedCid));
  },
};

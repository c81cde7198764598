/** The server says `-ERR` to the client, between two frames, and may end the connection. Nothing is left to heal. */
import { outcomeOf } from "../../../../models/faults/server-error.ts";
import type { ServerErrorText, StepId } from "../../../../models/vocabulary/scenario.ts";
import { busOf, type Course, giveUp } from "../course.ts";
import { proven, sayEvents } from "../hearing.ts";
import { awaitBack, awaitSaid, callBoundMs, hasSaid, notAwaited } from "../waits.ts";
import { noteLosses } from "../wire.ts";
import type { FaultOf, Injector } from "./injector.ts";

/** Texts as nats-server writes them. */
const textOf: Readonly<Record<ServerErrorText, string>> = {
  unknown: "Some Unknown Thing",
  stale: "Stale Connection",
  authorization: "Authorization Violation",
  permissions: 'Permissions Violation for Publish to "denied"',
};

const flushTimeoutMs = 10_000;

export const serverError: Injector<FaultOf<"server-error">> = {
  async install(course, step, fault, before) {
    const cid = await connectionOf(course);
    noteLosses(course);
    const connections = await course.rig.link.say(course.name, textOf[fault.text], fault.closes);
    if (connections !== 1) giveUp(step, `the line to be said on one connection, and not on ${connections}`);
    switch (outcomeOf(course.one.profile, fault)) {
      case "kept":
        return hasKept(course, step, cid);
      case "reconnects":
        await awaitBack(course, step, before);
        break;
      case "closes":
        await awaitSaid(course, step, "closed", course.harm.mark);
        break;
    }
    if (hasSaid(course, "disconnected", course.harm.mark))
      proven(course, step, "server-error", "the client's own event");
  },
  isToHeal: () => false,
  heal: async () => {},
};

/** A client that goes on has read the line before the PONG that follows it on the same connection. */
async function hasKept(course: Course, step: StepId, cid: number | undefined): Promise<void> {
  const { outcome } = await busOf(course).call({ do: "flush", timeoutMs: flushTimeoutMs }, callBoundMs);
  const isSame = cid !== undefined && (await connectionOf(course)) === cid;
  sayEvents(course);
  if (hasSaid(course, "disconnected", course.harm.mark)) proven(course, step, "server-error", "the client's own event");
  else if (outcome.is === "ok" && isSame)
    proven(course, step, "server-error", "a PONG after the line, on the same connection");
  else notAwaited(course, step, "a round trip on the connection that the line was said on");
}

async function connectionOf({ name, rig }: Course): Promise<number | undefined> {
  return (await rig.server.connections()).find(one => one.name === name)?.cid;
}

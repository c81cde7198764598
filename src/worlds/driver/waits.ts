/**
 * The waits, each with its bound: for the client's own events and for the server's list of connections. Nothing is concluded from a sleep.
 * A wait that is not met becomes an event, and the judge decides whether the rest still shows anything.
 */
import type { View } from "../../../models/plan/plan.ts";
import type { ConnectionChange } from "../../../models/vocabulary/event.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import { checkClocks, dropTimers } from "./clocks.ts";
import { busOf, type Course } from "./course.ts";
import { sayEvents } from "./hearing.ts";
import type { ServerConnection } from "./rig.ts";

export const noticeBoundMs = 10_000;
export const giveUpBoundMs = 30_000;
export const callBoundMs = 30_000;
/** The time that one dial of the client may take. */
export const connectTimeoutMs = 600;
/** The time in which the server lets go of a connection that has ended. */
export const letGoBoundMs = 10_000;
export const notLetGo = "the server to let go of a connection";
const dialBoundMs = 10_000;
const pollEveryMs = 1;

export const isConnected = (event: BusEvent): boolean => event.event === "connection" && event.change === "connected";
export const isClosed = (event: BusEvent): boolean => event.event === "connection" && event.change === "closed";

/** A wait was not met. */
export function notAwaited({ emit }: Course, step: StepId, what: string): void {
  emit({ kind: "not-awaited", step, what });
}

/** A wait was not met, since the machine was too slow for the scenario. */
export function notAwaitedByHarness({ emit }: Course, step: StepId, what: string): void {
  emit({ kind: "not-awaited", step, what, byHarness: true });
}

export const hasSaid = (course: Course, change: ConnectionChange, mark: number): boolean =>
  busOf(course)
    .eventsSince(mark)
    .some(event => event.event === "connection" && event.change === change);

/** Waits until the client of replica 0 reports it. */
export async function awaitSaid(
  course: Course,
  step: StepId,
  change: ConnectionChange,
  mark: number,
  boundMs: number = noticeBoundMs,
): Promise<void> {
  const isSaid = await saysWithin(course, change, mark, boundMs);
  sayEvents(course);
  if (!isSaid) notSaid(course, step, change);
}

export const saysWithin = (course: Course, change: ConnectionChange, mark: number, boundMs: number): Promise<boolean> =>
  busOf(course).waitFor(event => event.event === "connection" && event.change === change, mark, boundMs);

export const notSaid = (course: Course, step: StepId, change: ConnectionChange): void =>
  notAwaited(course, step, `the client to say that it is ${change}, or the bus to forward it`);

/** Waits until the client is connected again: down, then up. After an un-awaited cut its last report may be from before it. */
export async function awaitBack(course: Course, step: StepId, before: View): Promise<void> {
  if (before.process === "waiting") return awaitFirstConnected(course, step);
  let wasDown = false;
  const isBack = (event: BusEvent): boolean => {
    if (event.event !== "connection") return false;
    if (event.change === "disconnected") wasDown = true;
    return wasDown && event.change === "reconnected";
  };
  const met = await busOf(course).waitFor(isBack, course.harm.mark, noticeBoundMs);
  if (!met) notAwaited(course, step, "the client to reconnect");
  sayEvents(course);
}

/** Waits until replica 0 is connected for the first time, which ends its startup. */
export async function awaitFirstConnected(course: Course, step: StepId): Promise<void> {
  await awaitSaid(course, step, "connected", 0);
  // By then the call to connect may have returned, or a deadline may be over, before the scenario's time comes to it.
  checkClocks(course, step);
  dropTimers(course, "deadline", "first pass");
}

/** Polls the server until its open connections are as asked. Returns those; undefined where they are not, which is emitted. */
export async function awaitConnections(
  course: Course,
  step: StepId,
  areAsAsked: (open: readonly ServerConnection[]) => boolean,
): Promise<readonly ServerConnection[] | undefined> {
  const { clock, server } = course.rig;
  const until = clock.nowMs() + letGoBoundMs;
  let open = await server.connections();
  while (!areAsAsked(open)) {
    if (clock.nowMs() > until) {
      notAwaited(course, step, notLetGo);
      return undefined;
    }
    await clock.wait(pollEveryMs);
    open = await server.connections();
  }
  return open;
}

/** A dial that began while the link was down must have failed before the link comes back, since the next one wipes what is published. */
export async function awaitNoDial(course: Course, step: StepId): Promise<void> {
  const { clock, link } = course.rig;
  const until = clock.nowMs() + dialBoundMs;
  while (link.ports.some(port => course.first.isDialling(port))) {
    if (clock.nowMs() > until) return notAwaited(course, step, "a dial to fail");
    await clock.wait(pollEveryMs);
  }
}

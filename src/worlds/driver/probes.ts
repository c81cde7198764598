/** Questions to a process under a policy, and its reports: its call to connect has returned, how it publishes, its probes. */

import { connectPends, isCalm, isProbed, type View } from "../../../models/plan/plan.ts";
import type { ProbeAnswer } from "../../../models/policy/probes.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import type { Course, Running, ServiceCourse } from "./course.ts";
import { read } from "./hearing.ts";
import { callBoundMs, isConnected, notAwaited, noticeBoundMs } from "./waits.ts";

const pathBoundMs = 20_000;

/** Waits until replica 0 has reported everything that it can in this view. */
export async function awaitSettled(course: Course, service: ServiceCourse, view: View, step: StepId): Promise<void> {
  const first = course.running.get(0);
  if (first === undefined) return;
  if (isOpened(course, view)) await awaitOpened(course, first, step);
  if (isPathDecided(course, service, view)) await awaitPath(course, service, first, step);
}

/** The call to connect returns at a moment of the client's choice, and publishes before that are refused. */
function isOpened({ one: { profile } }: Course, view: View): boolean {
  const isBackground = profile.firstConnect.retry === "background";
  return isBackground && view.process === "waiting" && !connectPends(view, profile);
}

async function awaitOpened(course: Course, running: Running, step: StepId): Promise<void> {
  const isSaid = (event: BusEvent): boolean => event.event === "opened" || isConnected(event);
  if (!(await running.process.client.waitFor(isSaid, 0, noticeBoundMs)))
    notAwaited(course, step, "the call to connect to return");
}

function isPathDecided({ one: { profile } }: Course, { policy }: ServiceCourse, view: View): boolean {
  // A client that closed without ever having been connected has asked for nothing.
  if (view.ended === "closed") return false;
  const { jetStreamProbe } = policy.startup;
  if (jetStreamProbe === "once")
    return view.process === "running" || (view.path === "core" && !connectPends(view, profile));
  if (jetStreamProbe === "none") return view.process === "running";
  return isCalm(view) && view.process === "running" && view.client === "connected";
}

/** Waits until the bus has reported how it publishes durable subjects. It reports nothing where its streams are missing. */
export async function awaitPath(course: Course, service: ServiceCourse, running: Running, step: StepId): Promise<void> {
  if (running.path !== undefined) return;
  const isMade = (stream: StreamPolicy): boolean => stream.made === "created";
  if (service.policy.startup.jetStreamProbe === "until-usable" && !(await hasStreams(course, service, isMade))) return;
  const isSaid = await running.process.client.waitFor(event => event.event === "path", 0, pathBoundMs);
  read(course, running);
  if (!isSaid) notAwaited(course, step, `replica ${running.replica} to say how it publishes`);
}

/** True where the server has every stream of the policy, except those that it may lack. */
async function hasStreams(
  { rig: { streams } }: Course,
  { policy }: ServiceCourse,
  mayLack: (stream: StreamPolicy) => boolean,
): Promise<boolean> {
  const there = await streams.names();
  return policy.streams.every(stream => mayLack(stream) || there.includes(stream.name));
}

/** Asks the probes where the client's knowledge of its connection does not depend on timing. Returns the answers that it got. */
export async function tellProbe(course: Course, service: ServiceCourse, view: View): Promise<ProbeAnswer | undefined> {
  const running = course.running.get(0);
  if (running === undefined || !isProbed(view)) return undefined;
  const { client } = running.process;
  const { ready, live } = await client.call({ do: "probe" }, callBoundMs);
  const last = client.eventsSince(0).findLast(event => event.event === "connection");
  const connected = last?.change === "connected" || last?.change === "reconnected";
  const asksStreams = connected && running.path !== "core" && view.jetStream && view.serverUp;
  const durable = asksStreams && (await hasStreams(course, service, () => false));
  const said = `${ready}/${live}/${connected}/${durable}`;
  if (said === course.said.probe) return { ready, live };
  course.said.probe = said;
  course.emit({ kind: "probe", replica: 0, ready, live, connected, durable, atMs: course.nowMs });
  return { ready, live };
}

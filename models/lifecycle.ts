/** The process around the client, under a policy: its first connection, its ends, and the answers of its probes. */

import { closeForGood, land } from "./connection.ts";
import { deliver, type HasDrained, hasHandler, leave } from "./consumers.ts";
import { isProbed, type View } from "./plan/plan.ts";
import { replay } from "./reconnect-buffer.ts";
import { isUsable, makeStreams } from "./server.ts";
import { arrive, type Bus, countOf, type FrameRun, lose, reachOf, type Service, take } from "./state.ts";
import type { ProcessEvent } from "./vocabulary/event.ts";
import type { Policy } from "./vocabulary/policy.ts";

/** A bus with a policy. */
export interface Served extends Bus {
  readonly service: Service;
  readonly policy: Policy;
}

export function served(bus: Bus): Served | undefined {
  const { service } = bus.state;
  const { policy } = bus.view;
  return service === undefined || policy === undefined ? undefined : { ...bus, service, policy };
}

/** The client has closed for good without having been asked to. */
export function closeUnasked({ state, emit }: Served): void {
  if (state.client !== "closed") closeForGood(state, ["closed"], "reconnect buffer", emit);
}

/** The first connection of the process. A bus that publishes through JetStream now makes its streams, if it can. */
export function connectFirst(bus: Served, path: View["path"]): void {
  const { state, view, service, emit } = bus;
  state.client = "connected";
  state.fresh = true;
  emit({ kind: "connection", change: "connected" });
  replay(state);
  service.hasInbox ||= asksJetStream(bus.policy);
  if (view.jetStream && path === "jetstream") makeStreams(service.server);
}

/** True for a service that asks JetStream for something as soon as it is connected. */
const asksJetStream = ({ startup, streams }: Policy): boolean =>
  startup.jetStreamProbe !== "none" ||
  startup.readiness === "connected-and-durable" ||
  streams.some(({ made }) => made === "created");

type ProcessEnding = Omit<Extract<ProcessEvent, { change: "exited" }>, "kind" | "change" | "replica">;

/** The process is gone, with everything that its client kept. What its socket had taken is still under way. */
export function finish(bus: Bus, ending: ProcessEnding, hasDrained: HasDrained = () => false): void {
  const { state, view, profile, emit } = bus;
  lose(state.pending, "process exit", emit);
  state.pending = [];
  state.pendingBytes = 0;
  if (state.client === "connected") state.reset = state.fresh && profile.close.socket === "reset-if-unread";
  state.client = "closed";
  if (view.link === "up" && view.hindrance === "none") land(bus);
  if (state.service === undefined) return;
  leave(state.service.server, 0, one => profile.jetStream.drainDeletesItsDurable && hasDrained(one));
  state.service.probe = "";
  emit({ kind: "process", change: "exited", replica: 0, ...ending });
}

/** Called after every step: consumers are given what there is, and the probes are asked. */
export function lookAround(bus: Served, nowMs: number = bus.view.nowMs): void {
  const { service, choose, emit } = bus;
  deliver(service.server, reachOf(bus.state, bus.view, nowMs), choose, emit);
  tellProbe(bus);
}

/**
 * Called before a step that ends or disturbs a replica or its link. Messages under way may have come in the steps before it, and are then
 * handled (F-203 of docs/facts.md).
 */
export function handleUnderWay(bus: Served): void {
  const { state, view, service, choose, emit } = bus;
  if (state.wire.length === 0 || service.server.consumers.length === 0) return;
  if (view.link !== "up" || view.hindrance !== "none") return;
  const reach = reachOf(state, view, view.nowMs);
  const handled = state.wire.filter(({ via }) => via !== undefined && hasHandler(service.server, via.subject, reach));
  const count = countOf(handled);
  if (count === 0) return;
  const arrived = choose("arrived-before-cut", 0, count, { kind: "held", runs: handled, which: "counted" });
  arrive(bus, take(state.wire, lengthThrough(state.wire, handled, arrived)));
  deliver(service.server, reach, choose, emit);
}

/** The number of messages of the wire up to the last of the first `count` of `some` of its runs. */
function lengthThrough(wire: readonly FrameRun[], some: readonly FrameRun[], count: number): number {
  let left = count;
  let length = 0;
  for (const run of wire) {
    if (left === 0) break;
    const part = some.includes(run) ? Math.min(left, run.count) : 0;
    length += part === left && part > 0 ? part : run.count;
    left -= part;
  }
  return length;
}

/** True where the durable path would work for this process now. */
const isDurablePathUsable = ({ view, service: { server } }: Served): boolean =>
  view.jetStream && view.path === "jetstream" && isUsable(server);

/** Asks the probes, and emits their answer where it is a new one. */
export function tellProbe(bus: Served): void {
  const { state, view, service, policy, emit } = bus;
  if (!isProbed(view)) return;
  const connected = state.client === "connected" || state.client === "lost";
  if (connected && looksForStreams(policy) && view.jetStream && view.path === "jetstream") makeStreams(service.server);
  const durable = connected && isDurablePathUsable(bus);
  const ready = isReady(policy, connected, durable);
  const live = policy.startup.liveness === "independent" || ready;
  const said = `${ready}/${live}/${connected}/${durable}`;
  if (said === service.probe) return;
  service.probe = said;
  emit({ kind: "probe", replica: 0, ready, live, connected, durable, atMs: view.nowMs });
}

/**
 * True for a bus that asks until its durable path is usable. It asks in its readiness probe too, and remakes the streams that a restart of
 * the server has lost.
 */
const looksForStreams = ({ startup }: Policy): boolean =>
  startup.jetStreamProbe === "until-usable" && startup.readiness === "connected-and-durable";

function isReady({ startup }: Policy, connected: boolean, durable: boolean): boolean {
  switch (startup.readiness) {
    case "process":
      return true;
    case "connected":
      return connected;
    case "connected-and-durable":
      return durable;
  }
}

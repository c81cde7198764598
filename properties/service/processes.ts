/** The lives of the processes: how each starts, connects, stops and ends, and who handles a subject meanwhile. */
import { drifted, effective } from "../../models/policy/two-sides.ts";
import type { CallOutcome, ConnectionChange, ProcessEvent } from "../../models/vocabulary/event.ts";
import type { ConsumerSettings } from "../../models/vocabulary/policy.ts";
import type { Fault } from "../../models/vocabulary/scenario.ts";
import { isCalm } from "../disturbance.ts";
import { type EventOf, lifeOf, type ProcessLife, type ServiceRecord } from "./record.ts";

export function onConnection(service: ServiceRecord, to: ConnectionChange): void {
  const life = lifeOf(service, 0);
  if (to === "reconnected") service.kept = [];
  if (to === "disconnected" || to === "closed") service.underWay = [];
  if (to === "closed") depart(service, 0, false);
  if (life === undefined || life.exit !== undefined) return;
  if (to === "connected") life.connectedAtMs ??= service.nowMs;
  if (to === "closed" && !life.stopping && !life.endedByCall) life.clientClosed = true;
  if (to !== "connected") riskEarly(life);
}

/** The early messages are on their way or have arrived; which of the two is unknown. */
export function riskEarly(life: ProcessLife): void {
  if (life.earlyFate === "waiting" && life.connectedAtMs !== undefined) life.earlyFate = "risked";
}

export function onCalled(service: ServiceRecord, { call, outcome }: EventOf<"called">): void {
  const life = lifeOf(service, 0);
  if (call === "flush" && outcome.is === "ok" && isCalm(service.now)) {
    service.underWay = [];
    if (life?.earlyFate === "waiting") life.earlyFate = "flushed";
  }
  if (call === "subscribe") onSubscribeCalled(service, outcome);
  if (call !== "close" && call !== "drain" && call !== "exit") return;
  service.underWay = [];
  service.kept = [];
  // Its handlers end with the connection, though the process may run on.
  depart(service, 0, false);
  if (life === undefined) return;
  life.endedByCall = true;
  riskEarly(life);
}

/** Counts a subscription where the two sides of a consumer differ. One that succeeds is to the operator's side. */
function onSubscribeCalled({ subscriptions, declared }: ServiceRecord, { is }: CallOutcome): void {
  const { consume } = declared.policy ?? {};
  if (consume?.stands === undefined) return;
  subscriptions.count++;
  const names = drifted(consume);
  if (is === "ok" && names.some(name => effective(consume)[name] !== consume[name]))
    subscriptions.broken ??= `a subscription was granted, and its consumer has ${settingsOf(effective(consume), names)}; the code asks for ${settingsOf(consume, names)}`;
}

const settingsOf = (settings: ConsumerSettings, names: readonly (keyof ConsumerSettings)[]): string =>
  names.map(name => `${name} ${JSON.stringify(settings[name]) ?? "as by default"}`).join(", ");

export function onProcess(service: ServiceRecord, event: ProcessEvent): void {
  const life = lifeOf(service, event.replica);
  switch (event.change) {
    case "started":
      service.starts++;
      service.lives.push(
        newLife(
          event.replica,
          event.atMs,
          service.inForce.map(({ fault }) => fault),
        ),
      );
      break;
    case "stopping":
      if (life === undefined) return;
      life.stopping = true;
      life.atWorkAtStop = life.atWork;
      if (event.replica === 0) life.unsent = [...service.underWay, ...service.kept];
      depart(service, event.replica, true);
      break;
    case "exited":
      if (life === undefined) return;
      life.exit = event;
      riskEarly(life);
      if (event.replica === 0 && (event.because === "killed" || event.because === "exit")) service.kills++;
      depart(service, event.replica, false);
      break;
  }
  if (event.replica !== 0) return;
  service.underWay = [];
  service.kept = [];
}

export const newLife = (replica: number, startedAtMs: number, met: readonly Fault["kind"][]): ProcessLife => ({
  replica,
  startedAtMs,
  met,
  connectedAtMs: undefined,
  clientClosed: false,
  endedByCall: false,
  stopping: false,
  exit: undefined,
  probe: undefined,
  early: [],
  earlyFate: "waiting",
  unsent: [],
  atWork: [],
  atWorkAtStop: [],
});

/** A handler begins to work on a message, or is through with it. */
export function onHandled(service: ServiceRecord, event: EventOf<"handled">): void {
  const { replica, subject, outcome, first } = event;
  const life = lifeOf(service, replica);
  if (life === undefined) return;
  if (outcome === "begun" || outcome === "acked-early") {
    const by = service.subscribers.find(one => one.replica === replica && one.subject === subject);
    life.atWork = [...life.atWork, { message: first, takesMs: by?.takesMs ?? 0 }];
  } else if (life.atWork.length > 0) life.atWork = life.atWork.filter(({ message }) => message !== first);
}

/** The replica stops handling. */
export function depart(service: ServiceRecord, replica: number, inOrder: boolean): void {
  const gone = service.subscribers.filter(one => one.replica === replica);
  if (gone.length === 0) return;
  disrupt(service);
  service.subscribers = service.subscribers.filter(one => one.replica !== replica);
  if (!inOrder) return;
  for (const { subject } of gone) service.departures.push({ replica, subject, since: service.disruptions });
}

export function disrupt(service: ServiceRecord): void {
  service.disruptions++;
  service.disruptedAtMs = service.nowMs;
}

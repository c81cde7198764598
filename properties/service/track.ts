/** Adds to the record what each event shows. Without a policy nothing is added. */
import { declaredDurability, isClassifiedDurable } from "../../models/policy/classifier.ts";
import { covers } from "../../models/policy/pattern.ts";
import { dropsErrors, refusedMs, timedOutMs } from "../../models/policy/publishing.ts";
import { acknowledgesAll, effective } from "../../models/policy/two-sides.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy, PublishPolicy } from "../../models/vocabulary/policy.ts";
import { isCalm, isSurelyDown, trackDisturbance } from "../disturbance.ts";
import { recordGap } from "./gaps.ts";
import { acknowledgedAlong, acknowledges, handledAt, isErrorDropped, publishedAt } from "./messages.ts";
import { onProbe, onProbeKill } from "./probes.ts";
import { onCalled, onConnection, onHandled, onProcess } from "./processes.ts";
import { changeMessages, type EventOf, lifeOf, type ServiceRecord } from "./record.ts";
import { onFault, onHealed } from "./server.ts";

export function trackService(service: ServiceRecord, event: Event): void {
  const { policy } = service.declared;
  if (policy === undefined) return;
  trackDisturbance(service.now, event);
  if (service.gaps !== undefined) recordGap(service.gaps, event);
  switch (event.kind) {
    case "step":
      if (event.phase === "began") service.calmAtStep = isAllWell(service);
      return;
    case "published":
      onPublished(service, policy, event);
      return;
    case "delivered":
      changeMessages(service, event, message => ({ ...message, delivered: true }));
      return;
    case "holds":
      changeMessages(service, event, message => ({ ...message, held: message.held + 1 }));
      return;
    case "discarded":
      onDiscarded(service, policy, event);
      return;
    case "may-be-discarded":
      changeMessages(service, event, message => ({ ...message, discarded: "maybe" }));
      return;
    case "handled":
      changeMessages(service, event, message => handledAt(message, event, service));
      takeAlong(service, policy, event);
      onHandled(service, event);
      return;
    case "consumer-behind":
      if (event.is === "acknowledged-though-failed") service.droppedByCount ??= `on ${event.subject} ${event.proof}`;
      else service.unhandled ??= `on ${event.subject} ${event.proof}`;
      return;
    case "stream-lacks":
      service.lacking.set(event.stream, event.proof);
      if (event.is === "never-numbered") service.neverGiven ??= event.proof;
      return;
    case "dead-letter-missing":
      service.droppedByCount ??= `message ${event.first} failed, was acknowledged, and ${event.stream} does not hold its dead letter`;
      return;
    case "subscribed":
      service.startsAtSubscribe.set(event.subject, service.starts);
      service.subscribers = [...service.subscribers, { ...event, since: service.disruptions, ends: service.ends }];
      return;
    case "fault":
      if (event.phase === "installed") onFault(service, event);
      return;
    case "healed":
      onHealed(service);
      return;
    case "connection":
      onConnection(service, event.change);
      return;
    case "called":
      onCalled(service, event);
      return;
    case "advanced":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      return;
    case "process":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      if (event.change === "stopping") onProbeKill(service, policy, event);
      onProcess(service, event);
      return;
    case "probe":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      onProbe(service, policy, event);
      return;
    case "phase":
      if (event.phase === "settled") onSettled(service);
      return;
    case "observed":
      service.complete = event.complete;
      return;
    default:
      return;
  }
}

/** A message that a stream has let go as its policy says counts as held. One that declares limits alone lets nothing go for another reason. */
function onDiscarded(service: ServiceRecord, { streams }: Policy, event: EventOf<"discarded">): void {
  const { retention = "limits" } = streams.find(({ name }) => name === event.stream) ?? {};
  if (event.because === undefined) changeMessages(service, event, message => ({ ...message, discarded: "yes" }));
  else if (event.because === "no-consumer") changeMessages(service, event, message => ({ ...message, unkept: true }));
  else if (retention !== "limits") changeMessages(service, event, message => ({ ...message, held: message.held + 1 }));
}

/** Messages before one that is acknowledged are given to nobody again under ack policy `all`, whatever their handlers made of them. */
function takeAlong(
  service: ServiceRecord,
  { consume }: Policy,
  { subject: its, outcome, first }: EventOf<"handled">,
): void {
  if (!acknowledgesAll(effective(consume)) || !acknowledges(outcome)) return;
  changeMessages(service, { first: 0, count: first }, message =>
    covers(its, message.subject ?? "") ? acknowledgedAlong(message) : message,
  );
}

/** Nothing is wrong with link, server or client, and the publishing process runs and was not told to stop. */
export function isAllWell(service: ServiceRecord): boolean {
  const life = lifeOf(service, 0);
  const runs = life === undefined || !(life.stopping || life.endedByCall || life.exit !== undefined);
  return runs && isCalm(service.now);
}

export function onPublished(service: ServiceRecord, policy: Policy, event: EventOf<"published">): void {
  const { now, nowMs, ends, kills, disruptions, declared, late, afterStop } = service;
  const subject = event.subject ?? declared.options.subject;
  const calm = service.calmAtStep && isAllWell(service);
  const isDropped = dropsErrors(policy.publish);
  const atMs = nowMs + service.spentMs;
  changeMessages(service, event, message =>
    publishedAt(message, event, { subject, calm, nowMs: atMs, ends, kills, disruptions, dropsErrors: isDropped }),
  );
  service.spentMs += waitedMs(policy, event, isDropped);
  if (!calm && lifeOf(service, 0)?.stopping !== true && policy.publish.outlastsMs !== undefined)
    onOutage(service, policy.publish, event);
  const { first, count, outcome, durable } = event;
  const life = lifeOf(service, 0);
  const isCore = durable !== true && outcome.is === "accepted";
  if (life?.stopping === true) {
    afterStop.count += count;
    if (outcome.is === "accepted" || outcome.is === "acked")
      afterStop.broken ??= `message ${first} was ${outcome.is} after the stop had begun`;
  }
  if (calm && life !== undefined && life.met.length > 0 && isDurableSubject(policy, subject)) {
    late.count += count;
    // A live run says durable of what is due through JetStream. The answer tells how it went: only core NATS accepts.
    if (outcome.is === "accepted" && !isErrorDropped(event, isDropped))
      late.broken ??= `message ${first} went out as core NATS though JetStream was there by then`;
  }
  if (!isCore) return;
  if (life !== undefined && life.connectedAtMs === undefined) life.early.push({ first, count });
  else if (calm) service.underWay.push({ first, count });
  else if (now.downAtStep && isSurelyDown(now) && declared.profile.reconnectBuffer.kind === "kept")
    service.kept.push({ first, count });
}

/** The time by which two clocks that count the same wait may differ. */
const earlyMsMax = 50;

/** A durable publish ended while something was wrong: acknowledged in the end, or given up after a wait. */
function onOutage(service: ServiceRecord, publish: PublishPolicy, event: EventOf<"published">): void {
  const { outlastsMs = 0 } = publish;
  const { step, first, count, outcome, durable, tookMs } = event;
  if (durable !== true || service.declared.asyncSteps?.has(step) === true) return;
  const hasTimedOut =
    (outcome.is === "unsettled" && outcome.kind === "timeout") || isErrorDropped(event, dropsErrors(publish));
  if (outcome.is !== "acked" && !(hasTimedOut && tookMs !== undefined)) return;
  service.outlasting.count += count;
  if (outcome.is !== "acked" && tookMs !== undefined && tookMs < outlastsMs - earlyMsMax)
    service.outlasting.broken ??= `message ${first} was given up after ${tookMs} ms in an outage; a publish is declared to outlast ${outlastsMs} ms`;
}

/** The longest time that the callers may have waited for acknowledgements that never came. */
function waitedMs({ publish }: Policy, event: EventOf<"published">, isDropped: boolean): number {
  const { outcome, count } = event;
  if (outcome.is === "rejected") return count * refusedMs(publish);
  const mayHaveTimedOut = outcome.is === "unsettled" || isErrorDropped(event, isDropped);
  return mayHaveTimedOut ? count * timedOutMs(publish) : 0;
}

export const isDurableSubject = (policy: Policy, subject: string): boolean =>
  declaredDurability(policy, subject) === "durable" || isClassifiedDurable(policy, subject);

export function onSettled(service: ServiceRecord): void {
  service.settled = true;
  for (const life of service.lives)
    if (life.earlyFate === "waiting" && life.exit === undefined) life.earlyFate = "flushed";
}

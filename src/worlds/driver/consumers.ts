/** The consumers of a service: subscriptions, deliveries, and redeliveries after an ack wait. */
import { isCalm, type View } from "../../../models/plan/plan.ts";
import { roomOf } from "../../../models/policy/deliveries.ts";
import { mayDiscard } from "../../../models/policy/limits.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { effective } from "../../../models/policy/two-sides.ts";
import type { Step, StepId } from "../../../models/vocabulary/scenario.ts";
import { type Lag, tellBehind, waitOf } from "./behind.ts";
import { checkClocks, dueHandlings, untilReal } from "./clocks.ts";
import { type Course, giveUp, giveUpByHarness, type OpenDelivery, type ServiceCourse, type Timer } from "./course.ts";
import { consumedOf, handlerKey, isGivenAgain, read } from "./hearing.ts";
import type { ConsumerState } from "./rig.ts";
import { lookAtHeld } from "./seen-held.ts";
import { sayCall } from "./voice.ts";
import { callBoundMs } from "./waits.ts";

const handledBoundMs = 10_000;
const pollEveryMs = 2;

export async function subscribe(
  course: Course,
  service: ServiceCourse,
  { id, replica, subject, handler, takesMs, nakDelayMs }: Extract<Step, { kind: "subscribe" }>,
): Promise<void> {
  const running = course.running.get(replica);
  if (running === undefined) throw new Error(`fault in faultline: replica ${replica} does not run`);
  const isEphemeral = service.policy.consume.durables === "ephemeral";
  if (isEphemeral || (await course.rig.streams.consumer(subject)) === undefined) service.consumed.delete(subject);
  const takes = takesMs === undefined ? {} : { takesMs };
  const delays = nakDelayMs === undefined ? {} : { nakDelayMs };
  service.handlers.set(handlerKey(replica, subject), { handler, ...takes, ...delays });
  const asked = { do: "subscribe", subject, handler, ...takes, ...delays } as const;
  const { outcome } = await running.process.client.call(asked, callBoundMs);
  if (outcome.is === "ok") {
    const members = service.members.get(subject) ?? new Set();
    service.members.set(subject, members.add(replica));
    course.emit({ kind: "subscribed", replica, subject, handler, ...takes });
  }
  sayCall(course, id, "subscribe", { outcome });
}

/** Waits until everything that the server can deliver now was delivered, handled, and acknowledged to the server. */
export async function awaitHandled(course: Course, service: ServiceCourse, view: View, step: StepId): Promise<void> {
  const { clock } = course.rig;
  const until = clock.nowMs() + handledBoundMs;
  for (;;) {
    for (const running of course.running.values()) read(course, running);
    const lag = await notHandled(course, service, view);
    if (lag === undefined) return;
    if (lag.is === "not-redelivered") await lookForDiscarded(course, service, view, { step, subject: lag.subject });
    if (clock.nowMs() > until) {
      await tellBehind(course, view, step, lag, handledBoundMs);
      giveUp(step, waitOf(lag));
    }
    await clock.wait(pollEveryMs);
  }
}

/** A message that is not given again may have gone by a limit, or by its age. Where that cannot be told, nothing is held against the bus. */
async function lookForDiscarded(
  course: Course,
  service: ServiceCourse,
  view: View,
  { step, subject }: { readonly step: StepId; readonly subject: string },
): Promise<void> {
  const stream = streamOf(service.policy, subject);
  if (stream === undefined || !mayDiscard(stream)) return;
  checkClocks(course, step);
  const inDoubt = await lookAtHeld(course, service, view);
  const { open } = consumedOf(service, subject);
  if ([...open].some(({ message }) => inDoubt.has(message)))
    giveUpByHarness(step, `${subject} to be delivered again, and whether a limit has taken its message is not known`);
}

async function notHandled(course: Course, service: ServiceCourse, view: View): Promise<Lag | undefined> {
  const consume = effective(service.policy.consume);
  const { deliverMax } = consume;
  const room = roomOf(consume);
  for (const [subject, members] of service.members) {
    const isServed = [...members].some(replica => isReached(replica, view));
    const { handled, open } = consumedOf(service, subject);
    // A handler comes to its end whether the link is there or not.
    const isAtWork = [...open].some(({ work }) => work !== undefined && work.ends.atMs <= course.nowMs);
    if (!isServed && !isAtWork) continue;
    // A server that is down answers nothing, and has nothing more to deliver.
    const consumer = view.serverUp ? await course.rig.streams.consumer(subject) : downConsumer;
    if (consumer === undefined) continue;
    const isCertain = isCalm(view) || !members.has(0);
    const given = [...open].filter(({ delivery }) => deliverMax < 0 || delivery < deliverMax);
    const failed = given.filter(({ work }) => work === undefined).length;
    const lag = { subject, consumer, handled, failed };
    if (!isServed) return { ...lag, is: "at-work" };
    // What has had its last delivery, and the wait after it, makes room for another message.
    const isOver = ({ delivery, timer }: OpenDelivery): boolean =>
      room !== undefined && deliverMax > 0 && delivery >= deliverMax && timer.atMs <= course.nowMs;
    const waitsFor = [...open].filter(one => !isOver(one)).length;
    const isFull = room !== undefined && consumer.numAckPending >= room;
    if ((consumer.numPending > 0 && !isFull) || consumer.delivered > handled) return { ...lag, is: "unhandled" };
    if (isCertain && consumer.numAckPending > waitsFor) return { ...lag, is: "unacknowledged" };
    if (given.some(({ work }) => work !== undefined && work.ends.atMs <= course.nowMs))
      return { ...lag, is: "at-work" };
    if (given.some(({ timer }) => timer.atMs <= course.nowMs)) return { ...lag, is: "not-redelivered" };
  }
  return undefined;
}

const downConsumer: ConsumerState = { numPending: 0, numAckPending: 0, delivered: 0 };

function isReached(replica: number, view: View): boolean {
  const isServed = view.serverUp && view.jetStream && view.hindrance !== "pause";
  const isFirstThere = view.link === "up" && view.client === "connected" && view.ended !== "closed";
  return isServed && (replica > 0 || isFirstThere);
}

/** Handlers come to their ends, and unacknowledged messages are redelivered as long as a replica is there to take them. */
export async function redeliver(
  course: Course,
  service: ServiceCourse,
  view: View,
  untilMs: number,
  step: StepId,
): Promise<void> {
  const met = new Set<Timer>();
  for (;;) {
    const next = dueHandlings(course, untilMs).find(timer => !met.has(timer));
    if (next === undefined) return;
    met.add(next);
    await untilOver(course, service, next);
    course.nowMs = Math.max(course.nowMs, next.atMs);
    course.emit({ kind: "advanced", step, atMs: course.nowMs });
    await awaitHandled(course, service, view, step);
  }
}

/** An ack wait that a restarted server may end sooner is over once the message was given again: its handler may soon be through. */
async function untilOver(course: Course, service: ServiceCourse, timer: Timer): Promise<void> {
  const { clock } = course.rig;
  for (const [subject, { open }] of service.consumed)
    for (const one of open) {
      if (one.timer !== timer || one.soonerMs === undefined) continue;
      while (clock.nowMs() < timer.realMs) {
        if (isGivenAgain(course, subject, one.message)) return;
        await clock.wait(pollEveryMs);
      }
    }
  await untilReal(course, timer.realMs);
}

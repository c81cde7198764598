/**
 * The messages that a stream was seen to hold during the case, where a limit may take some. A message that was there once was stored, so its
 * absence at the end is no lie of the bus. Numbers alone cannot tell that where some calls were left without an answer. What they have proven
 * before such a call stays proven.
 *
 * The server gives up a message that a limit has taken, though a handler had it and has not acknowledged it (F-246 of docs/facts.md). No next
 * delivery is waited for then.
 */
import { messagesOf } from "../../../models/observation.ts";
import type { View } from "../../../models/plan/plan.ts";
import { mayDiscard } from "../../../models/policy/limits.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { acknowledgesAll, effective } from "../../../models/policy/two-sides.ts";
import type { Run } from "../../../models/vocabulary/event.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Fault, Step } from "../../../models/vocabulary/scenario.ts";
import type { Course, ServiceCourse } from "./course.ts";
import { discardsOf, type LostHeld, type Sent } from "./discarded.ts";
import { giveUpBefore } from "./hearing.ts";
import { neverStored } from "./never-stored.ts";
import { endings } from "./sequences.ts";

/** Steps after which streams may hold something new. */
const storing: readonly Step["kind"][] = ["publish", "heal", "together", "flush", "start"];

/** Looks at the streams after a step, where they can be asked. */
export async function noteHeld(course: Course, service: ServiceCourse, view: View, step: Step["kind"]): Promise<void> {
  if (storing.includes(step)) await lookAtHeld(course, service, view);
}

/** Returns the messages of which it cannot be told whether a limit has taken them. */
export async function lookAtHeld(course: Course, service: ServiceCourse, view: View): Promise<ReadonlySet<number>> {
  const limited = service.policy.streams.filter(mayDiscard);
  const inDoubt = new Set<number>();
  if (!canBeAsked(course, view)) service.lastHeld.clear();
  if (limited.length === 0 || !canBeAsked(course, view)) return inDoubt;
  const { streams } = course.rig;
  const there = await streams.names();
  for (const stream of limited) {
    const { name } = stream;
    if (!there.includes(name)) continue;
    const held = await streams.held(name);
    const { says } = discardsOf(service.policy, stream, service.told, held, sentSoFar(course, service, name));
    const gone = messagesIn(says.filter(({ kind }) => kind === "discarded"));
    const seen = service.seenHeld.get(name) ?? new Set();
    for (const message of [...messagesIn(held.runs), ...gone]) seen.add(message);
    service.seenHeld.set(name, seen);
    const look = { policy: service.policy, stream, told: service.told, view, held, seen };
    for (const call of neverStored(look)) service.neverStored.add(call);
    service.lastHeld.set(name, new Set(messagesIn(held.runs)));
    const maybeGone = new Set(messagesIn(says.filter(({ kind }) => kind !== "discarded")));
    for (const message of maybeGone) inDoubt.add(message);
    const unproven = new Set([...acknowledgedTo(service, stream)].filter(message => !gone.includes(message)));
    giveUpDeliveries(course, service, stream, copiesOf(messagesIn(held.runs)), unproven);
  }
  return inDoubt;
}

const messagesIn = (runs: readonly Run[]): readonly number[] => runs.flatMap(messagesOf);

function copiesOf(messages: readonly number[]): ReadonlyMap<number, number> {
  const copies = new Map<number, number>();
  for (const message of messages) copies.set(message, (copies.get(message) ?? 0) + 1);
  return copies;
}

/** The messages of the stream that a publisher was told are stored. */
const acknowledgedTo = ({ policy, told }: ServiceCourse, stream: StreamPolicy): ReadonlySet<number> =>
  new Set(
    told.flatMap(event =>
      event.kind === "published" && event.outcome.is === "acked" && streamOf(policy, event.subject ?? "") === stream
        ? messagesOf(event)
        : [],
    ),
  );

/**
 * No handler is given a copy again that the stream does not hold: the oldest of a message are gone first. One that is at work on it comes to its
 * end. `unproven`: acknowledged messages of which nothing shows that a limit has taken them, where none is held.
 */
function giveUpDeliveries(
  course: Course,
  { consumed, policy }: ServiceCourse,
  stream: StreamPolicy,
  held: ReadonlyMap<number, number>,
  unproven: ReadonlySet<number>,
): void {
  for (const [subject, one] of consumed) {
    if (streamOf(policy, subject) !== stream) continue;
    for (const [message, given] of Map.groupBy(one.open, open => open.message)) {
      const copies = held.get(message) ?? 0;
      if (copies === 0 && unproven.has(message)) continue;
      const oldest = given.slice(0, Math.max(0, given.length - copies)).filter(({ work }) => work === undefined);
      for (const open of oldest) one.open.delete(open);
      course.timers = course.timers.filter(timer => !oldest.some(open => open.timer === timer));
      if (oldest.length > 0 && copies === 0 && acknowledgesAll(effective(policy.consume)))
        giveUpBefore(course, one, message);
    }
  }
}

/** The facts about what was sent that tell what a limit may have taken by now. */
export const sentSoFar = (
  { published, nowMs, spentMs }: Course,
  { seenHeld, lostHeld, neverStored: unstored }: ServiceCourse,
  stream: string,
): Sent => ({
  unstored,
  contents: published.contents,
  toldAtMs: published.toldAtMs,
  atEndMs: nowMs + spentMs,
  seen: seenHeld.get(stream) ?? new Set(),
  lost: lostHeld.get(stream) ?? noneLost,
});

const noneLost: LostHeld = { held: new Set(), discarded: new Set() };

const canBeAsked = ({ rig: { server } }: Course, view: View): boolean =>
  server.isRunning && !server.isHalted && view.serverUp && view.jetStream && view.door !== "refuses";

/** A stream that ends with its server, or with the disk, is another one afterwards. */
export function forgetHeld({ service }: Course, fault: Fault): void {
  if (service === undefined || !endings.includes(fault.kind)) return;
  const isLost = fault.kind === "power-loss" || (fault.kind === "stop-server" && fault.store === "lost");
  for (const { name, storage } of service.policy.streams) if (isLost || storage === "memory") loseHeld(service, name);
}

/** Keeps what the last look before the loss tells: what was there was lost with the stream, and what had been there before was discarded. */
function loseHeld({ seenHeld, lastHeld, lostHeld }: ServiceCourse, name: string): void {
  const seen = seenHeld.get(name) ?? new Set();
  const last = lastHeld.get(name);
  const before = lostHeld.get(name) ?? noneLost;
  const discarded = last === undefined ? [] : [...seen].filter(message => !last.has(message));
  lostHeld.set(name, {
    held: new Set([...[...before.held].filter(message => !seen.has(message)), ...(last ?? [])]),
    discarded: new Set([...[...before.discarded].filter(message => !seen.has(message)), ...discarded]),
  });
  seenHeld.delete(name);
  lastHeld.delete(name);
}

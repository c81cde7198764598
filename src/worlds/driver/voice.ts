/** The events that the driver itself emits: how calls ended, and what the observer and the streams have. */
import { messagesOf } from "../../../models/observation.ts";
import type { CallOutcome, Event, Run } from "../../../models/vocabulary/event.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import type { CallReply, PublishReply } from "../../bus-protocol/protocol.ts";
import { acknowledgedIn, type NumbersGone } from "./acknowledged.ts";
import type { Course, ServiceCourse } from "./course.ts";
import { lettersOf } from "./dead-letters.ts";
import { discardsOf } from "./discarded.ts";
import type { ArrivedRun, Held } from "./rig.ts";
import { sentSoFar } from "./seen-held.ts";
import { lacksOf, outsiderDoubt, removalDoubt } from "./sequences.ts";
import { observerDoubt, streamDoubt } from "./witnesses.ts";

type Called = Extract<Event, { kind: "called" }>;
type PublishedEvent = Extract<Event, { kind: "published" }>;

export function sayCall({ emit }: Course, step: StepId, call: Called["call"], { outcome, unsent }: CallReply): void {
  const told: CallOutcome = outcome.is === "ok" ? { is: "ok" } : { is: "failed", kind: outcome.kind };
  const left = unsent === undefined || call !== "drain" ? {} : { unsent };
  emit({ kind: "called", step, call, outcome: told, ...left, ...wordsOf(outcome) });
}

/** The client's own words are kept for a reader, and never compared. */
const wordsOf = ({ text }: { readonly text?: string }): { readonly text?: string } =>
  text === undefined || text === "" ? {} : { text };

/** Emits one event for each run of equal outcomes. */
export function sayOutcomes(
  { emit }: Course,
  reply: PublishReply,
  first: number,
  about: Omit<PublishedEvent, "kind" | "first" | "count" | "outcome" | "text">,
): void {
  let next = first;
  for (const { count, outcome } of reply.outcomes) {
    const { text: _text, ...told } = outcome;
    emit({ kind: "published", ...about, first: next, count, outcome: told, ...wordsOf(outcome) });
    next += count;
  }
}

/** Everything that the server has passed on is in the trace when this returns true. */
export async function observe(course: Course): Promise<boolean> {
  const { observer, said, emit } = course;
  const complete = await observer.flush().then(
    () => true,
    () => false,
  );
  const seenSoFar = observer.arrived();
  const { runs: arrived, foreign } = seenSoFar;
  if (complete) course.doubt ??= observerDoubt(seenSoFar, observer.second());
  const runs = seen(course, arrived);
  let skip = said.arrivals;
  for (const run of runs) {
    const before = Math.min(skip, run.count);
    skip -= before;
    if (before === run.count) continue;
    const news = { ...run, first: run.first + before, count: run.count - before };
    emit({ kind: "delivered", first: news.first, count: news.count });
    sayAltered(course, news);
  }
  said.arrivals = runs.reduce((sum, run) => sum + run.count, 0);
  if (foreign > said.foreign) emit({ kind: "foreign", count: foreign - said.foreign });
  said.foreign = foreign;
  return complete;
}

/** The messages meant for the observer: under a policy, those that went out as core NATS. */
function seen({ service, published }: Course, runs: readonly ArrivedRun[]): readonly ArrivedRun[] {
  if (service === undefined) return runs;
  const isCore = (message: number): boolean =>
    published.core.some(run => message >= run.first && message < run.first + run.count);
  return runs.flatMap(run =>
    Array.from({ length: run.count }, (_, i) => run.first + i)
      .filter(isCore)
      .map(first => ({ ...run, first, count: 1 })),
  );
}

/** The messages of the run that were published with another content. */
function sayAltered({ published: { contents }, emit }: Course, run: ArrivedRun, stream?: string): void {
  const end = run.first + run.count;
  for (const { subject, bytes, ...known } of contents) {
    const first = Math.max(run.first, known.first);
    const count = Math.min(end, known.first + known.count) - first;
    if (count <= 0 || (subject === run.subject && bytes === run.bytes)) continue;
    const arrived = { subject: run.subject, bytes: run.bytes };
    emit({
      kind: "altered",
      ...(stream === undefined ? {} : { stream }),
      published: { subject, bytes },
      arrived,
      first,
      count,
    });
  }
}

/** Emits what the streams of the policy hold, and what the server's figures of them prove. */
export async function sayHeld(course: Course): Promise<void> {
  const { service } = course;
  const { streams } = course.rig;
  if (service === undefined) return;
  const { policy } = service;
  const there = await streams.names();
  const readings: { readonly stream: StreamPolicy; readonly held: Held | undefined; readonly byLimit: NumbersGone }[] =
    [];
  for (const stream of policy.streams) {
    const { name } = stream;
    const held = there.includes(name) ? await streams.held(name) : undefined;
    if (held !== undefined) course.doubt ??= streamDoubt(name, held, await streams.heldByNumber(name));
    readings.push({ stream, held, byLimit: sayContent(course, service, stream, held) });
  }
  if (readings.length === 0) return;
  const removals = await streams.removals();
  for (const { stream, held, byLimit } of readings) {
    const others = readings.filter(one => one.stream !== stream).flatMap(one => one.held?.runs ?? []);
    const end = {
      policy,
      stream,
      told: service.told,
      held,
      elsewhere: numbersIn(others),
      removals,
      client: course.name,
    };
    const { gone, doubt } = acknowledgedIn(end, byLimit);
    for (const one of gone) course.emit(one);
    course.doubt ??= removalDoubt(end) ?? doubt;
    // A stream that the policy does not know may have taken messages of this one.
    const lacks = there.every(one => policy.streams.some(({ name }) => name === one)) ? lacksOf(end) : undefined;
    if (lacks !== undefined) course.emit(lacks);
  }
}

/** Returns how many of the stream's messages its own limits have taken. */
function sayContent(course: Course, service: ServiceCourse, stream: StreamPolicy, held: Held | undefined): NumbersGone {
  const { emit, published } = course;
  const { runs = [], foreign = 0 } = held ?? {};
  for (const run of runs) {
    emit({ kind: "holds", stream: stream.name, first: run.first, count: run.count });
    sayAltered(course, run, stream.name);
  }
  if (foreign > 0) emit({ kind: "foreign", count: foreign });
  for (const letter of lettersOf(service.policy, stream, service.told, held, published.contents)) emit(letter);
  const sent = sentSoFar(course, service, stream.name);
  const { says, ...byLimit } = discardsOf(service.policy, stream, service.told, held, sent);
  for (const discards of says) emit(discards);
  return byLimit;
}

/** A case may be given up because another client took what the streams held. */
export async function lookForRemovals(course: Course): Promise<void> {
  const { service, name, rig } = course;
  const { server, streams } = rig;
  if (service === undefined || service.policy.streams.length === 0 || !server.isRunning || server.isHalted) return;
  course.doubt ??= outsiderDoubt(await streams.removals(), name);
}

const numbersIn = (runs: readonly Run[]): ReadonlySet<number> => new Set(runs.flatMap(messagesOf));

/** Emits what the server has logged about the client since the last time. */
export function sayLogged({ emit, rig, name, said }: Course): void {
  const logged = rig.server.loggedAbout(name);
  for (const text of logged.slice(said.logged)) emit({ kind: "server-logged", text });
  said.logged = logged.length;
}

/** The last word of a case. Where two witnesses differ it says so, and nothing of the case is held against the client. */
export function sayObserved(course: Course, complete: boolean, why = "the observer could not see everything"): void {
  const { emit, doubt, linkSpoilt } = course;
  const more = { ...(linkSpoilt ? { linkSpoilt } : {}), ...headersIn(course) };
  if (doubt !== undefined) emit({ kind: "observed", complete: false, why: doubt, contradicted: true, ...more });
  else emit({ kind: "observed", complete, ...(complete ? {} : { why }), ...more });
}

/** The headers of a bare client, which is to send none. Under a policy some belong there, such as the id of a durable publish. */
function headersIn({ service, observer }: Course): Pick<Extract<Event, { kind: "observed" }>, "headerBytes"> {
  const { headerBytes } = observer.arrived();
  return service !== undefined || headerBytes === undefined ? {} : { headerBytes };
}

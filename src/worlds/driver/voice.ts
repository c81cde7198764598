/** The events that the driver itself emits: how calls ended, and what the observer and the streams have. */
import type { CallOutcome, Event } from "../../../models/vocabulary/event.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import type { PublishReply, Said } from "../../bus-protocol/protocol.ts";
import type { Course } from "./course.ts";
import { lettersOf } from "./dead-letters.ts";
import { discardsOf } from "./discarded.ts";
import type { ArrivedRun } from "./rig.ts";
import { observerDoubt, streamDoubt } from "./witnesses.ts";

type Called = Extract<Event, { kind: "called" }>;
type PublishedEvent = Extract<Event, { kind: "published" }>;

export function sayCall({ emit }: Course, step: StepId, call: Called["call"], outcome: Said<CallOutcome>): void {
  const told: CallOutcome = outcome.is === "ok" ? { is: "ok" } : { is: "failed", kind: outcome.kind };
  emit({ kind: "called", step, call, outcome: told, ...wordsOf(outcome) });
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
  const { runs: arrived, foreign } = observer.arrived();
  if (complete) course.doubt ??= observerDoubt({ runs: arrived, foreign }, observer.second());
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

/** Emits what the streams of the policy hold. */
export async function sayHeld(course: Course): Promise<void> {
  const { service, emit } = course;
  const { streams } = course.rig;
  if (service === undefined) return;
  const there = await streams.names();
  for (const stream of service.policy.streams) {
    const { name } = stream;
    const held = there.includes(name) ? await streams.held(name) : undefined;
    const { runs = [], foreign = 0 } = held ?? {};
    if (held !== undefined) course.doubt ??= streamDoubt(name, held, await streams.heldByNumber(name));
    for (const run of runs) {
      emit({ kind: "holds", stream: name, first: run.first, count: run.count });
      sayAltered(course, run, name);
    }
    if (foreign > 0) emit({ kind: "foreign", count: foreign });
    for (const letter of lettersOf(service.policy, stream, service.told, held, course.published.contents)) emit(letter);
    for (const discards of discardsOf(service.policy, stream, service.told, held)) emit(discards);
  }
}

/** Emits what the server has logged about the client since the last time. */
export function sayLogged({ emit, rig, name, said }: Course): void {
  const logged = rig.server.loggedAbout(name);
  for (const text of logged.slice(said.logged)) emit({ kind: "server-logged", text });
  said.logged = logged.length;
}

/** The last word of a case. Where two witnesses differ it says so, and nothing of the case is held against the client. */
export function sayObserved({ emit, doubt, linkSpoilt }: Course, complete: boolean): void {
  const spoilt = linkSpoilt ? { linkSpoilt } : {};
  if (doubt !== undefined) emit({ kind: "observed", complete: false, why: doubt, contradicted: true, ...spoilt });
  else emit({ kind: "observed", complete, ...(complete ? {} : { why: "the observer could not see everything" }) });
}

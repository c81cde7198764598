/**
 * Random schedules, as a fast-check Arbitrary: lists of steps with their faults anchored. A fault stands where it can take effect: calls
 * before it, publishes while it is in force, and its heal, unless kinds that were switched off leave one of them out.
 */
import type fc from "fast-check";
import { frameBytes, oneSpace } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Fault, isMomentary, type Step } from "../../models/vocabulary/scenario.ts";
import { drawn, randomFrom } from "./drawn.ts";
import { faultOf } from "./faults.ts";
import { coldFaults, type Drawable, drawableSteps, isDrawable, type StepName, type StepSpace } from "./kinds.ts";
import type { Random } from "./random.ts";
import { reductions } from "./reductions.ts";
import { isStep, type Schedule, scenarioWith, scheduleOf } from "./schedule.ts";
import { acknowledgedSubjects, durableSubjects, publishOf, stepOf } from "./steps.ts";

export interface ScheduleSpace extends StepSpace {
  /** The profile of the client, which says after which server errors it goes on. Absent: after none, so that such an error comes last. */
  readonly profile?: Profile;
  /** Faults of one schedule at most, each with what goes before and after it; absent: 3. */
  readonly episodesMax?: number;
}

const episodesMaxDefault = 3;

/** Schedules of what was asked for. They shrink to shorter and plainer ones. @throws RangeError where a kind or a size means nothing */
export function schedules(space: ScheduleSpace = {}): fc.Arbitrary<Schedule> {
  const drawable = drawableSteps(space);
  return drawn({
    draw: chance => scheduleFrom(randomFrom(chance), drawable, space),
    isOne: (value): value is Schedule => Array.isArray(value) && value.every(isStep) && fits(value, drawable),
    *smaller(schedule) {
      for (const one of smallerSchedules(schedule, drawable)) if (fits(one, drawable)) yield one;
    },
  });
}

const fits = (schedule: Schedule, drawable: Drawable): boolean =>
  schedule.some(one => one.kind === "start") && schedule.every(one => isDrawable(one, drawable));

function* smallerSchedules(schedule: Schedule, { policy }: Drawable): Generator<Schedule> {
  const text = JSON.stringify(schedule);
  for (const { steps } of reductions(scenarioWith(schedule, policy === undefined ? {} : { policy })))
    if (JSON.stringify(steps) !== text) yield steps;
}

// ---- Drawing ----

interface ScheduleDraft {
  readonly random: Random;
  readonly drawable: Drawable;
  readonly profile: Profile | undefined;
  readonly parts: (Step | Fault)[];
  replicas: number;
  /** Replica 0 has a handler: what it is given would count against an acknowledgement to be lost. */
  isSubscribed: boolean;
  /** The client is closed for good. */
  isOver: boolean;
}

function scheduleFrom(random: Random, drawable: Drawable, space: ScheduleSpace): Schedule {
  const { profile, episodesMax = episodesMaxDefault } = space;
  const draft: ScheduleDraft = {
    random,
    drawable,
    profile,
    parts: [],
    replicas: 0,
    isSubscribed: false,
    isOver: false,
  };
  begin(draft);
  for (let left = random.int(1, episodesMax); left > 0 && !draft.isOver; left--) episode(draft);
  if (!draft.isOver && random.chance(0.4)) end(draft);
  return scheduleOf(draft.parts);
}

const may = ({ drawable: { steps } }: ScheduleDraft, kind: StepName): boolean => steps.includes(kind);

function add(draft: ScheduleDraft, kind: StepName): void {
  if (may(draft, kind)) draft.parts.push(stepOf(draft.random, kind, draft.drawable));
}

function publish(draft: ScheduleDraft, subject?: string): void {
  if (may(draft, "publish")) draft.parts.push(publishOf(draft.random, draft.drawable, subject));
}

function heal(draft: ScheduleDraft): void {
  if (may(draft, "heal")) draft.parts.push({ id: "heal", kind: "heal", awaits: "connected" });
}

/** A process starts, now and then while something is wrong already. */
function begin(draft: ScheduleDraft): void {
  const { random, drawable, parts } = draft;
  const cold = drawable.faults.filter(kind => coldFaults.includes(kind));
  const hindered = cold.length > 0 && may(draft, "heal") && random.chance(0.2);
  if (hindered) parts.push(faultOf(random, random.pick(cold)));
  parts.push({ id: "start", kind: "start" });
  if (!hindered) return;
  publish(draft);
  heal(draft);
}

function episode(draft: ScheduleDraft): void {
  const { random, drawable } = draft;
  const possible = drawable.faults.filter(
    kind =>
      !coldFaults.includes(kind) &&
      !(kind === "lose-ack" && (draft.isSubscribed || acknowledgedSubjects(drawable).length === 0)),
  );
  for (let left = random.int(0, 2); left > 0; left--) quietStep(draft);
  if (possible.length === 0) {
    publish(draft);
    return;
  }
  const fault = faultHere(draft, faultOf(random, random.pick(possible)));
  if (fault.kind === "limit" || fault.kind === "server-error") add(draft, "flush");
  draft.parts.push(fault);
  inForce(draft, fault);
  if (!isMomentary(fault.kind)) healed(draft, fault);
  if (random.chance(0.5)) publish(draft);
}

const noDurable = ({ drawable }: ScheduleDraft): boolean => durableSubjects(drawable).length === 0;

/** The fault that is possible here: it is unknown which acknowledgements of its consumers a killed server has kept. */
const faultHere = ({ isSubscribed }: ScheduleDraft, fault: Fault): Fault =>
  fault.kind === "stop-server" && isSubscribed ? { ...fault, signal: "TERM" } : fault;

/** The steps that meet the fault; the following publish reaches a byte anchor. */
function inForce(draft: ScheduleDraft, fault: Fault): void {
  const { random, drawable, profile } = draft;
  if (fault.kind === "server-error")
    draft.isOver = profile === undefined || profile.serverError[fault.text] === "closes";
  const [bytes = 16] = drawable.bytes;
  if (fault.kind === "limit" && may(draft, "publish")) {
    const reaching = Math.ceil(fault.bytes / frameBytes("subject", bytes, profile ?? oneSpace));
    const count = Math.min(drawable.countMax, reaching);
    draft.parts.push({ ...publishOf(random, drawable), count, bytes });
  } else publish(draft, fault.kind === "lose-ack" ? random.pick(acknowledgedSubjects(drawable)) : undefined);
  if (random.chance(0.4)) publish(draft);
}

/** A link that is cut may be healed without waiting, or during the handshake. */
function healed(draft: ScheduleDraft, fault: Fault): void {
  const { random } = draft;
  const isCut = fault.kind === "cut" && fault.awaits === "noticed";
  if (isCut && random.chance(0.15)) {
    add(draft, "heal");
    publish(draft);
  }
  heal(draft);
}

/** A step that is possible while nothing is wrong. */
function quietStep(draft: ScheduleDraft): void {
  const { random, drawable, parts } = draft;
  const quiet = (["publish", "publish", "flush", "subscribe", "advance"] as const).filter(kind => may(draft, kind));
  const possible = quiet.filter(kind => kind !== "subscribe" || !noDurable(draft));
  if (possible.length === 0) return;
  const kind = random.pick(possible);
  if (kind !== "subscribe") {
    add(draft, kind);
    return;
  }
  const step = stepOf(random, kind, drawable);
  const isOther = drawable.mayReplicate && draft.replicas < 15 && random.chance(0.5);
  const replica = isOther ? ++draft.replicas : 0;
  if (isOther) parts.push({ id: "start", kind: "start", replica });
  else draft.isSubscribed = true;
  parts.push({ ...step, replica } as Step);
}

/** The end of the connection or of the process, up or down. */
function end(draft: ScheduleDraft): void {
  const { random, parts } = draft;
  const ends = (["close", "drain", "exit", "together", "signal"] as const).filter(kind => may(draft, kind));
  if (ends.length === 0) return;
  publish(draft);
  const kind = random.pick(ends);
  if (kind === "signal") parts.push({ id: kind, kind, replica: 0, signal: random.pick(["TERM", "TERM", "KILL"]) });
  else add(draft, kind);
}

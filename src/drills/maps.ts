/**
 * The policy's durability map beside two that nobody has to think about: everything durable, and everything best-effort. Each meets the same
 * kill of the server, and shows the loss that it spares and the room and time that it costs.
 */
import { messagesOf } from "../../models/observation.ts";
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { messageId } from "../../models/policy/ids.ts";
import { storedBytes } from "../../models/policy/limits.ts";
import { overlap } from "../../models/policy/pattern.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { type FamilySubject, familySubjects } from "../../models/policy/subjects.ts";
import { areMadeByOperator, asAsked } from "../../models/policy/two-sides.ts";
import { beside } from "../../models/policy/under.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { idHeaderBytes } from "../../models/vocabulary/frame.ts";
import type { ConsumePolicy, Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Draft, type DrillCase, drillCase, heal, payloadBytes, publish, start } from "./drill.ts";
import { familyFigures } from "./figures.ts";

/** Many, so that the time of a step is the time of its publishes. */
const calmCount = 50;
const afterCount = 10;
const burstCount = 20;
/** Small, since a durable one waits out its ack timeouts. */
const downCount = 2;
const duplicateWindowMs = 120_000;
/** A calm publish, by whose time the wait of each is measured. */
const calmId = "calm";

interface DurabilityMap {
  readonly name: string;
  readonly policy: Policy;
  readonly variant?: string;
}

export function mapCases(policy: Policy): readonly DrillCase[] {
  const all = familySubjects(policy);
  if (all.length === 0) return [];
  const durable = everythingDurable(policy);
  const maps: readonly DurabilityMap[] = [
    { name: "own", policy },
    ...(durable === undefined ? [] : [{ name: "all-durable", policy: durable, variant: "all durable" }]),
    { name: "all-best-effort", policy: everythingBestEffort(policy), variant: "all best-effort" },
  ];
  return maps.map(({ name, variant, ...map }) =>
    drillCase({
      question: "durability",
      claim: `the-server-is-killed-under-the-map-${name}`,
      about: "the server is killed and comes back, while every family is published",
      part: "maps",
      policy: map.policy,
      steps: killedUnder(map.policy, all),
      ...(variant === undefined ? {} : { variant }),
    }),
  );
}

function killedUnder(policy: Policy, all: readonly FamilySubject[]): readonly Draft[] {
  const toEach = (count: number, more: (i: number) => { readonly id?: string } = () => ({})): readonly Draft[] =>
    all.map(({ subject }, i) => publish(subject, count, more(i)));
  const racing = (all.find(({ family }) => family.durability === "best-effort") ?? all[0])?.subject ?? "";
  const isDurable = isClassifiedDurable(policy, racing);
  return [
    start(),
    ...toEach(calmCount, i => ({ id: `${calmId}-${i + 1}` })),
    publish(racing, burstCount, { overlap: true, ...(isDurable ? { async: true } : {}) }),
    { kind: "fault", fault: { kind: "stop-server", signal: "KILL", awaits: "noticed" } },
    publish(racing, downCount),
    heal,
    ...toEach(afterCount),
  ];
}

/** Undefined where two families overlap, so that no one stream can take both. */
function everythingDurable(policy: Policy): Policy | undefined {
  const subjects = policy.families.map(one => one.subjects);
  if (subjects.some((one, i) => subjects.slice(i + 1).some(other => overlap(one, other)))) return undefined;
  const { consume, publish: publishing } = policy;
  const { deadLetterSubject } = consume;
  const isKept = deadLetterSubject === undefined || subjects.some(one => overlap(one, deadLetterSubject));
  const all: StreamPolicy = {
    name: "EVERYTHING",
    subjects: isKept ? subjects : [...subjects, deadLetterSubject],
    storage: "file",
    duplicateWindowMs,
    discard: "old",
    made: areMadeByOperator(policy) ? "present" : "created",
  };
  return beside(policy, "all-durable", {
    families: policy.families.map(family => ({ ...family, durability: "durable" })),
    classifier: subjects.map(pattern => ({ pattern })),
    streams: [all],
    publish: { ...publishing, messageIds: [...publishing.messageIds, { subjects: ">", id: "event" }] },
  });
}

function everythingBestEffort(policy: Policy): Policy {
  const { deadLetterSubject: _, ...consume } = asAsked(policy.consume);
  const plain: ConsumePolicy = { ...consume, durables: "created", failures: "redelivered" };
  return beside(policy, "all-best-effort", {
    families: policy.families.map(family => ({ ...family, durability: "best-effort" })),
    classifier: [],
    streams: [],
    publish: { ...policy.publish, messageIds: [] },
    consume: plain,
  });
}

export interface MapFigures {
  readonly published: number;
  readonly arrived: number;
  /** Reported as sent, and not there. */
  readonly silentLoss: number;
  /** Ended in an error, whatever became of the message. */
  readonly told: number;
  readonly notObserved: number;
  /** Messages that streams hold at the end, and the bytes that the server counts for them. */
  readonly stored: number;
  readonly storedBytes: number;
  /** Publishes that waited for an acknowledgement. */
  readonly waited: number;
  /** The mean time of a calm publish, by the clock of the harness; null without one. */
  readonly calmPublishMs: number | null;
}

/** The figures of one map. `atMs`: the moment of each event, where the run was live. */
export function mapFigures(
  events: readonly Event[],
  { policy, steps }: Pick<Scenario, "policy" | "steps">,
  atMs: readonly number[] | undefined,
): MapFigures {
  if (policy === undefined) throw new Error("a map of no policy");
  const rows = familyFigures(policy, [events]);
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const storedSizes = sizesOfHeld(events, policy);
  const waiting = steps.filter(one => one.kind === "publish" && isClassifiedDurable(policy, one.subject ?? ""));
  return {
    published: sum(row => row.published),
    arrived: sum(row => row.arrived),
    silentLoss: sum(row => row.silentLoss),
    told: sum(row => row.told.rejected + row.told.unsettled),
    notObserved: sum(row => row.notObserved),
    stored: storedSizes.length,
    storedBytes: storedSizes.reduce((total, bytes) => total + bytes, 0),
    waited: waiting.reduce((total, one) => total + (one.kind === "publish" ? one.count : 0), 0),
    calmPublishMs: atMs === undefined ? null : calmPublishMs(events, steps, atMs),
  };
}

/** The bytes of each message that a stream holds, as the server counts them. */
function sizesOfHeld(events: readonly Event[], policy: Policy): readonly number[] {
  const held = new Set(events.flatMap(event => (event.kind === "holds" ? messagesOf(event) : [])));
  return events.flatMap(event => {
    const stream = event.kind === "published" ? streamOf(policy, event.subject ?? "") : undefined;
    if (event.kind !== "published" || stream === undefined) return [];
    const { subject = "", key, durable } = event;
    return messagesOf(event)
      .filter(message => held.has(message))
      .map(message => {
        const headerBytes = durable === true ? idHeaderBytes(messageId(policy, subject, key, message)) : 0;
        return storedBytes(stream, { subject, headerBytes, payloadBytes });
      });
  });
}

/** The mean time of the calm publishes; null where they were not all seen to end. */
function calmPublishMs(events: readonly Event[], steps: Scenario["steps"], atMs: readonly number[]): number | null {
  const calm = steps.flatMap(one => (one.kind === "publish" && one.id.startsWith(calmId) ? [one] : []));
  const at = (phase: "began" | "ended", step: string): number =>
    atMs[events.findIndex(event => event.kind === "step" && event.step === step && event.phase === phase)] ??
    Number.NaN;
  const tookMs = calm.reduce((total, { id }) => total + at("ended", id) - at("began", id), 0);
  const mean = tookMs / calm.reduce((total, { count }) => total + count, 0);
  return Number.isFinite(mean) ? mean : null;
}

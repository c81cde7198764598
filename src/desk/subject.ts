/**
 * The facts about one subject that answer "was this event supposed to be durable?": what is declared, how the code publishes it, the stream that
 * takes it, and what a restart, a rollout and a stop cost it in the model. Each has its place in a file.
 */
import { familyOf, isClassifiedDurable } from "../../models/policy/classifier.ts";
import { covers } from "../../models/policy/pattern.ts";
import { streamOf } from "../../models/policy/streams.ts";
import type { ClassifierRule, Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Ledger } from "../../models/vocabulary/verdict.ts";
import { cut, type Draft, heal, publish, signal, sketched, start } from "../drills/drill.ts";
import type { ToFill } from "../files/import/assumed.ts";
import type { Where } from "../files/import/spot.ts";
import type { FilePlace } from "../files/json.ts";
import type { PolicySource } from "../files/policy-source.ts";
import { runModelCase } from "../judge/run.ts";

/** A statement about a subject, and whose words it is. */
interface Worded<Said> {
  readonly said: Said;
  readonly place: Where | undefined;
  readonly assumed: ToFill | undefined;
}

export interface SubjectFacts {
  /** Undefined: no family covers it. */
  readonly family: Worded<Policy["families"][number]> | undefined;
  /** The rule by which the code publishes it through JetStream; undefined: it goes out as core NATS. */
  readonly rule: Worded<ClassifierRule> | undefined;
  readonly stream: Worded<Policy["streams"][number]> | undefined;
  readonly costs: readonly Cost[];
}

export const occasions = ["server-restart", "rollout", "stop-while-down"] as const;
export type Occasion = (typeof occasions)[number];

/** The worst of several draws of what the model leaves to chance. */
export interface Cost {
  readonly occasion: Occasion;
  readonly published: number;
  /** Messages that were lost though their publish returned without an error. */
  readonly silentLoss: number;
  readonly reportedLoss: number;
  /** Messages whose caller got an error that proves nothing. */
  readonly inDoubt: number;
  readonly duplicated: number;
}

export function subjectFacts(source: PolicySource, profile: Profile, subject: string): SubjectFacts {
  const { policy } = source;
  const worded = <Said>(said: Said | undefined, at: FilePlace): Worded<Said> | undefined =>
    said === undefined ? undefined : { said, place: source.placeOf(at), assumed: source.assumedAt(at) };
  const family = familyOf(policy, subject);
  const rule = policy.classifier.find(one => isClassifiedDurable({ ...policy, classifier: [one] }, subject));
  const stream = streamOf(policy, subject);
  const pattern = stream?.subjects.findIndex(one => covers(one, subject)) ?? 0;
  return {
    family: worded(family, ["families", family === undefined ? 0 : policy.families.indexOf(family), "durability"]),
    rule: worded(rule, ["classifier", rule === undefined ? 0 : policy.classifier.indexOf(rule)]),
    stream: worded(stream, ["streams", stream === undefined ? 0 : policy.streams.indexOf(stream), "subjects", pattern]),
    costs: occasions.map(occasion => costOf(policy, profile, subject, occasion)),
  };
}

const calmCount = 10;
const drawsMax = 20;

function stepsOf(subject: string, occasion: Occasion, isDurable: boolean): readonly Draft[] {
  // A durable publish while down waits out all its attempts.
  const down = publish(subject, isDurable ? 1 : calmCount);
  const calm = publish(subject, calmCount);
  switch (occasion) {
    case "server-restart":
      return [
        start(),
        calm,
        { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "noticed" } },
        down,
        heal,
        calm,
      ];
    case "rollout":
      return [start(), calm, signal("TERM"), start(), calm];
    case "stop-while-down":
      return [start(), calm, ...flushed(isDurable), cut, down, signal("TERM"), heal];
  }
}

/** So that nothing is under way at the cut, which is no part of the stop. A durable publish has its acknowledgement. */
const flushed = (isDurable: boolean): readonly Draft[] => (isDurable ? [] : [{ kind: "flush", timeoutMs: 5_000 }]);

function costOf(policy: Policy, profile: Profile, subject: string, occasion: Occasion): Cost {
  const steps = stepsOf(subject, occasion, isClassifiedDurable(policy, subject));
  const why = `what becomes of ${subject}`;
  const scenario = sketched({ id: `subject/${occasion}`, why, policy: { ...policy, demands: [] }, steps });
  const ledgers = Array.from({ length: drawsMax }, (_, i) => {
    const { judgement } = runModelCase({ scenario, profile, seed: `subject-${i}` });
    return judgement.ledger;
  });
  const most = (count: (ledger: Ledger) => number): number => Math.max(...ledgers.map(count));
  return {
    occasion,
    published: most(({ published }) => published),
    silentLoss: most(({ classes }) => classes.silentLoss),
    reportedLoss: most(({ classes }) => classes.reportedLoss),
    inDoubt: most(({ classes }) => classes.ambiguous),
    duplicated: most(({ classes }) => classes.duplicated),
  };
}

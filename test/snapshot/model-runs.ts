/**
 * 5,000 random runs of the model, each judged and held against the oracle, and a digest of each. It covers what happened and what was
 * concluded: every field that is named below, and no sentence, so that English may be changed or turned into data. A field that is new is
 * not covered until it is named here. The only file of the snapshot that imports the program: when folders move, its imports move.
 */
import { createHash } from "node:crypto";
import { planCase, profiles } from "../../models/index.ts";
import { scenariosUnder } from "../../properties/arbitraries/runs.ts";
import { bundledPolicies, bundledPolicy } from "../../src/files/policies.ts";
import { reasonText } from "../../src/findings/broke.ts";
import { type Event, type Judgement, judge, openModel, type Profile, type Scenario } from "../../src/index.ts";
import type { Json } from "./split.ts";

export const runsInAll = 5_000;
const chunkRuns = 50;
const seed = "snapshot";

/** What may bear on the run of each kind; the sentences `reason`, `what`, `why` and `proof` are left out. */
const fieldsOf = {
  step: ["step", "phase"],
  skipped: ["step"],
  "awaits-notice": ["step"],
  published: ["step", "frameBytes", "outcome", "subject", "key", "durable", "again", "tookMs", "first", "count"],
  called: ["step", "call", "outcome"],
  connection: ["change"],
  "closed-client": ["is"],
  "healed-link-lost": ["times"],
  "server-logged": ["text"],
  "consumer-behind": ["step", "subject", "is"],
  "stream-lacks": ["stream", "is"],
  advanced: ["step", "atMs"],
  subscribed: ["replica", "subject", "handler"],
  "consumer-deleted": ["stream", "subject"],
  holds: ["stream", "first", "count"],
  publishers: ["step", "publishers", "first", "count"],
  discarded: ["stream", "because", "first", "count"],
  "may-be-discarded": ["stream", "first", "count"],
  handled: ["replica", "subject", "delivery", "outcome", "first", "count"],
  process: ["change", "replica", "by", "atMs", "code", "because", "tookMs", "forced", "toldLost"],
  probe: ["replica", "ready", "live", "connected", "durable", "atMs"],
  delivered: ["first", "count"],
  foreign: ["count"],
  "dead-letter-missing": ["stream", "first", "count"],
  altered: ["stream", "published", "arrived", "first", "count"],
  fault: ["step", "fault", "phase", "store"],
  dialled: ["step", "count", "end"],
  healed: ["step"],
  "not-awaited": ["step"],
  phase: ["phase"],
  ended: ["place", "first", "count"],
  observed: ["complete"],
  crashed: ["step", "code", "signal"],
  gap: ["took"],
  conformance: ["answer"],
} as const satisfies Record<Event["kind"], readonly string[]>;

export interface ModelRun {
  readonly profile: string;
  readonly policy: string | null;
  readonly scenario: Json;
  readonly events: readonly Json[];
  readonly judgement: Json;
  /** Every sentence of the events and the judgement, in their order. */
  readonly texts: readonly string[];
}

interface Space {
  readonly profile: Profile;
  readonly scenario: (index: number) => Scenario;
}

/** Each profile without a policy, and under each of the bundled ones. */
function spaces(): readonly Space[] {
  const policies = [undefined, ...bundledPolicies().map(name => bundledPolicy(name))];
  return Object.values(profiles).flatMap(profile => {
    const { capabilities } = openModel(profile);
    return policies.map(policy => ({ profile, scenario: scenariosUnder(seed, { profile, capabilities }, policy) }));
  });
}

const all = spaces();
const runsPerSpace = runsInAll / all.length;

/** Run `k` of all, from 0; `change` is for the test that tries what the digest covers. */
export function modelRun(k: number, change: (event: Event) => Event = event => event): ModelRun {
  const { profile, scenario: scenarioOf } = all[Math.floor(k / runsPerSpace)] as Space;
  const scenario = scenarioOf(k % runsPerSpace);
  const events: Event[] = [];
  const one = planCase(scenario, profile);
  void openModel(profile).run({ ...one, bus: profile.name, seed: `${seed}/${k}` }, event => void events.push(event));
  return recordOf(profile.name, scenario, events.map(change), judge(one, events));
}

function recordOf(
  profile: string,
  { id, options, policy, steps, mustHappen, requires }: Scenario,
  events: readonly Event[],
  judgement: Judgement,
): ModelRun {
  const { verdict, ledger, conformance, properties, notPromised, expectMet = null, disturbed } = judgement;
  const counted = ({ property, verdict, exercised }: Judgement["properties"][number]) => ({
    property,
    verdict,
    exercised,
  });
  const concluded = {
    verdict,
    ledger,
    conformance: conformance.answer,
    properties: properties.map(counted),
    notPromised: notPromised.map(counted),
    expectMet,
    disturbed,
  };
  return {
    profile,
    policy: policy?.name ?? null,
    scenario: { id, options, steps, mustHappen, requires } as unknown as Json,
    events: events.map(structureOf),
    judgement: concluded as unknown as Json,
    texts: [
      ...events.flatMap(textsOf),
      reasonText(judgement),
      conformance.reason,
      ...[...properties, ...notPromised].map(one => one.reason),
    ],
  };
}

/** In the order of the table, so that the order in which an event is written means nothing. */
function structureOf(event: Event): Json {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const named = fieldsOf[event.kind].filter(name => fields[name] !== undefined);
  return { kind: event.kind, ...Object.fromEntries(named.map(name => [name, fields[name]])) } as Json;
}

const textsOf = (event: Event): readonly string[] =>
  Object.entries(event).flatMap(([name, value]) =>
    ["reason", "what", "why", "proof"].includes(name) ? [String(value)] : [],
  );

/** Objects with their fields in order, so that only what they hold counts. */
const sorted = (_name: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const hash = (data: unknown, length: number): string =>
  createHash("sha256").update(JSON.stringify(data, sorted)).digest("hex").slice(0, length);

export const digestOf = ({ scenario, events, judgement }: Omit<ModelRun, "texts">): string =>
  hash([scenario, events, judgement], 6);

/** One chunk at a time, so that the caller may let others have the thread. */
export function* digests(): Generator<{ readonly chunk: string; readonly structure: string; readonly texts: string }> {
  for (let first = 0; first < runsInAll; first += chunkRuns) {
    const runs = Array.from({ length: chunkRuns }, (_, i) => modelRun(first + i));
    const { profile, policy } = runs[0] as ModelRun;
    const chunk = `${first} to ${first + chunkRuns - 1}: ${profile}, ${policy ?? "no policy"}`;
    yield {
      chunk,
      structure: runs.map(digestOf).join(" "),
      texts: hash(
        runs.map(run => run.texts),
        16,
      ),
    };
  }
}

/**
 * A question of those who operate a bus, as a fixed list of cases. The cases are pure functions of a policy and the client's profile, in
 * by question in the files beside this one. The files of question/ run them, in the model and live.
 */

import { optionDefaults } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Options, PublishStep, Scenario, Step } from "../../models/vocabulary/scenario.ts";

export const questions = ["durability", "buffer", "shutdown", "cold-start"] as const;
export type Question = (typeof questions)[number];

export interface DrillCase {
  /** The case in the words of a person on call. */
  readonly about: string;
  /** The drill's table in which it appears. */
  readonly part: string;
  /** The change made to the policy for comparison; undefined: the policy itself. */
  readonly variant?: string;
  /** True where the policy's demands are judged. A case for comparison is held to its client's promises alone. */
  readonly judged: boolean;
  readonly scenario: Scenario;
}

type WithoutId<One> = One extends Step ? Omit<One, "id"> & { readonly id?: string } : never;
/** A step without an id, which it gets from its place. */
export type Draft = WithoutId<Step>;

const numbered = (drafts: readonly Draft[]): readonly Step[] =>
  drafts.map((draft, i) => ({ id: `${draft.kind}-${i + 1}`, ...draft }) as Step);

export interface Sketch {
  readonly question: Question;
  readonly claim: string;
  readonly about: string;
  readonly part: string;
  readonly policy: Policy;
  readonly steps: readonly Draft[];
  readonly servers?: number;
  readonly variant?: string;
}

export function drillCase({ question, claim, about, part, policy, steps, servers, variant }: Sketch): DrillCase {
  const why = `${about}, under the policy ${policy.name}`;
  const scenario = sketched({ id: `${question}/${claim}`, why, policy, steps, servers });
  return { about, part, judged: variant === undefined, scenario, ...(variant === undefined ? {} : { variant }) };
}

/** A scenario under a policy, by its steps alone. */
export interface ScenarioSketch {
  readonly id: string;
  readonly why: string;
  readonly policy: Policy;
  readonly steps: readonly Draft[];
  readonly servers?: number | undefined;
}

export function sketched({ id, why, policy, steps, servers }: ScenarioSketch): Scenario {
  const options: Options = {
    subject: "subject",
    ...optionDefaults,
    cutsWith: "fin",
    ...policy.client,
    ...(servers === undefined ? {} : { servers }),
  };
  return {
    version: 1,
    id,
    why,
    requires: [],
    options,
    policy,
    steps: numbered(steps),
    mustHappen: [],
    expect: {},
  };
}

/** A subject, made fit to be a part of an id. */
export const slug = (subject: string): string =>
  subject
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

// ---- Steps ----

export const payloadBytes = 64;

export const start = (replica = 0): Draft => ({ kind: "start", ...(replica === 0 ? {} : { replica }) });
export const publish = (
  subject: string,
  count: number,
  more: Partial<Pick<PublishStep, "overlap" | "async" | "key" | "bytes" | "id" | "again">> = {},
): Draft => ({ kind: "publish", count, bytes: payloadBytes, subject, ...more });
export const heal: Draft = { kind: "heal", awaits: "connected" };
export const cut: Draft = { kind: "fault", fault: { kind: "cut", awaits: "noticed" } };
export const advance = (ms: number): Draft => ({ kind: "advance", ms: Math.max(1, Math.round(ms)) });
export const signal = (one: "TERM" | "KILL", replica = 0): Draft => ({ kind: "signal", replica, signal: one });

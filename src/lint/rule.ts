/**
 * A rule of `lint`: a mistake that can be read off a policy. What it finds is an error where a short case under the policy breaks a promise in
 * the model. Where none does, or the value is only assumed, it is a warning. So no error rests on an opinion.
 */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Draft } from "../drills/drill.ts";
import type { FilePlace } from "../files/json.ts";
import type { PolicySource } from "../files/policy-source.ts";

export interface LintGround {
  readonly policy: Policy;
  readonly profile: Profile;
  readonly source: PolicySource;
}

/** The case that shows what a finding costs, in steps that follow from the policy's times. */
export interface WitnessSketch {
  /** The promise that it breaks. */
  readonly promise: string;
  readonly steps: (policy: Policy) => readonly Draft[];
}

/** One place that a rule complains about. */
export interface Hit {
  /** One sentence with the values that it is about. */
  readonly message: string;
  /** One sentence: what to change. */
  readonly remedy: string;
  /** The place in the policy. */
  readonly at: FilePlace;
  /** Absent: nothing that a run could show. */
  readonly witness?: WitnessSketch;
}

export interface Rule {
  /** Stable, such as `P004`. */
  readonly id: string;
  readonly name: string;
  /** The mistake, as one sentence. */
  readonly says: string;
  /** The cost of it. */
  readonly why: string;
  /** A fact of docs/facts.md, or a public report, that shows it. */
  readonly source: string;
  readonly hits: (ground: LintGround) => readonly Hit[];
}

/** The hit alone where the condition is met. */
export const when = (isSo: boolean, hit: () => Hit): readonly Hit[] => (isSo ? [hit()] : []);

/** The findings of `lint`, as every output format has them. */
import type { NotModelledShown } from "../not-modelled.ts";

export interface LintFinding {
  /** The rule, such as `P004`. */
  readonly id: string;
  /** An error has a witness, and stands on no assumption. */
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly remedy: string;
  /** The place in the policy, such as `streams[0].storage`. */
  readonly at: string;
  /** Null: no file says it. */
  readonly place: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly key: string;
  } | null;
  /** The reason for the value, where no file says it and an import assumed it. */
  readonly assumed: string | null;
  /** The case that `replay` shows broken. Null where none does. */
  readonly witness: string | null;
  /** The promise that the witness breaks. */
  readonly promise: string | null;
}

export interface LintRule {
  readonly id: string;
  readonly name: string;
  readonly says: string;
  readonly why: string;
  readonly source: string;
}

export interface LintReport {
  readonly policy: string;
  readonly profile: string;
  readonly findings: readonly LintFinding[];
  readonly accepted: readonly (LintFinding & { readonly reason: string })[];
  /** Lines of the list of accepted findings that match none. */
  readonly stale: readonly {
    readonly id: string;
    readonly reason: string;
    readonly file: string;
    readonly line: number;
  }[];
  readonly rules: readonly LintRule[];
  /** Parts of the policy that the model leaves out, so that no case shows them. */
  readonly notModelled: readonly NotModelledShown[];
}

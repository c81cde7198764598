/** Every rule over one policy: its findings, each with the case that proves it where there is one. Runs the model, and nothing else. */
import type { ToFill } from "../files/import/assumed.ts";
import type { Where } from "../files/import/spot.ts";
import type { Counterexample } from "../findings/counterexample.ts";
import type { Hit, LintGround, Rule } from "./rule.ts";
import { consumerRules } from "./rules/consumers.ts";
import { mapRules } from "./rules/map.ts";
import { publishingRules } from "./rules/publishing.ts";
import { shutdownRules } from "./rules/shutdown.ts";
import { startingRules } from "./rules/starting.ts";
import { streamRules } from "./rules/streams.ts";
import { witnessOf } from "./witness.ts";

/** All rules, by their ids. */
export const lintRules: readonly Rule[] = [
  ...mapRules,
  ...streamRules,
  ...consumerRules,
  ...publishingRules,
  ...shutdownRules,
  ...startingRules,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));

export interface LintHit {
  readonly rule: Rule;
  readonly hit: Hit;
  /** The place in a file; undefined where no file says it. */
  readonly place: Where | undefined;
  /** The assumption that the place stands on, where no file says it. */
  readonly assumed: ToFill | undefined;
  /** Undefined: no case breaks a promise. */
  readonly witness: Counterexample | undefined;
}

/** All findings, by their rules. */
export const lintHits = (ground: LintGround): readonly LintHit[] =>
  lintRules.flatMap(rule =>
    rule.hits(ground).map(hit => ({
      rule,
      hit,
      place: ground.source.placeOf(hit.at),
      assumed: ground.source.assumedAt(hit.at),
      witness: witnessOf(ground, rule, hit),
    })),
  );

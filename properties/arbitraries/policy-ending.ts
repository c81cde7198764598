/** The end of replica 0: a signal while up, down or held, or a burst and a call of its own that ends it. */
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import type { CallStep, Capability, PublishStep, Step } from "../../models/vocabulary/scenario.ts";
import { before, fault, heal, id, type PolicyDraft, publish, publishStep, signal, sometimes } from "./policy-draft.ts";
import { randomOf } from "./random.ts";

type Stop = (draft: PolicyDraft, kind: "TERM" | "KILL") => void;

const stops: readonly (readonly [needs: readonly Capability[], stop: Stop])[] = [
  // While up, what was published before it written or not.
  [
    [],
    (draft, kind) => {
      before(draft);
      publish(draft, { most: 300 });
      signal(draft, 0, kind);
    },
  ],
  [
    ["cut"],
    (draft, kind) => {
      sometimes(draft, 0.5, () => before(draft));
      fault(draft, { kind: "cut", awaits: "noticed" });
      publish(draft);
      signal(draft, 0, kind);
      heal(draft);
    },
  ],
  [
    ["hold"],
    (draft, kind) => {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      signal(draft, 0, kind);
      heal(draft);
    },
  ],
];

export function stop(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const possible = stops.filter(([needs]) => needs.every(need => capabilities.has(need)));
  const [, one] = random.pick(possible);
  one(draft, random.chance(0.75) ? "TERM" : "KILL");
}

/** A signal, or from within: a burst and close, drain or exit without yielding between them. */
export function ending(draft: PolicyDraft): void {
  const { random, capabilities } = draft;
  const ends = (["close", "drain", "exit"] as const).filter(one => capabilities.has(one));
  if (capabilities.has("signal") && (ends.length === 0 || random.chance(0.6))) {
    stop(draft);
    return;
  }
  if (ends.length === 0) return;
  const kind = random.pick(ends);
  const burst: PublishStep = { ...publishStep(draft, { most: 300 }), id: id(draft, "burst") };
  // What waits for an acknowledgement yields, and cannot be done in one breath.
  const isAtOnce = draft.isDowngraded || !isClassifiedDurable(draft.policy, burst.subject ?? "");
  if (isAtOnce && capabilities.has("together") && random.chance(0.5)) {
    const steps: readonly CallStep[] = [burst, { id: `${id(draft, kind)}-within`, kind }];
    draft.steps.push({ id: id(draft, "together"), kind: "together", steps });
  } else draft.steps.push(burst, { id: `${id(draft, kind)}-then`, kind });
}

/** Half of the exits call a drain first, and do not wait for it. They are drawn from a stream of their own. */
export function drainBeforeExit(word: string, { steps, capabilities, isSubscribed }: PolicyDraft): void {
  const isPossible = capabilities.has("exit-after-drain") && !isSubscribed;
  if (!isPossible || !randomOf(word, "exit-after-drain").chance(0.5)) return;
  const drained = <S extends Step>(one: S): S => (one.kind === "exit" ? { ...one, after: "drain" } : one);
  for (const [at, step] of steps.entries())
    steps[at] = step.kind === "together" ? { ...step, steps: step.steps.map(drained) } : drained(step);
}

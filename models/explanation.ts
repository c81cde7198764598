/**
 * The reason why the oracle admits nothing, as data: the place where the model and the observation part, on the path that got furthest. The
 * search writes it, `words.ts` puts it into words, and no code reads the words.
 */
import type { Contradiction } from "./contradiction.ts";
import type { Dialled } from "./observation.ts";
import type { CallTold, PublishTold, ServiceTold } from "./told.ts";
import type { ConnectionChange, Content, Outcome } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/**
 * One place where the two part. `observed` is undefined where the observation has ended; an entry is `beyond` where the model has ended.
 */
export type Disagreement =
  | {
      readonly kind: "publish";
      readonly step: StepId;
      readonly message: number;
      readonly says: Outcome;
      readonly observed: PublishTold | undefined;
      /** The model's client is down and keeps it, and the refusal does not come from a full buffer. */
      readonly whileDown?: true;
    }
  /** The call was made, and not with these arguments or in this step; `field` names the difference. */
  | {
      readonly kind: "publish-as";
      readonly message: number;
      readonly field: string;
      readonly says: string;
      readonly observed: string | undefined;
    }
  | {
      readonly kind: "call";
      readonly step: StepId;
      readonly says: CallTold;
      readonly observed: CallTold | undefined;
    }
  | {
      readonly kind: "connection";
      readonly says: ConnectionChange;
      readonly observed: ConnectionChange | undefined;
    }
  /** The dials of an outage. */
  | { readonly kind: "dialled"; readonly step: StepId; readonly says: Dialled; readonly observed: Dialled | undefined }
  | { readonly kind: "service"; readonly says: ServiceTold; readonly observed: ServiceTold | undefined }
  | {
      readonly kind: "delivery";
      readonly message: number;
      /** Counted from 1. */
      readonly nth: number;
      readonly observed: number | undefined;
    }
  | { readonly kind: "delivered-though-lost"; readonly message: number }
  | { readonly kind: "delivery-beyond"; readonly message: number; readonly nth: number }
  | { readonly kind: "connection-beyond"; readonly observed: ConnectionChange }
  | { readonly kind: "publish-beyond"; readonly published: number; readonly says: number }
  | { readonly kind: "call-beyond"; readonly step: StepId; readonly observed: CallTold }
  /** The answers to another step's calls came first. */
  | { readonly kind: "answered-in-order"; readonly step: StepId; readonly observed: StepId }
  /** A flush covered the message. */
  | { readonly kind: "arrived-late"; readonly step: StepId; readonly message: number | undefined }
  /** Something happened in another step. */
  | {
      readonly kind: "seen-by";
      readonly step: StepId;
      readonly actor: SeenActor;
      readonly says: number;
      readonly observed: number;
    }
  | { readonly kind: "service-beyond"; readonly observed: ServiceTold };

export type SeenActor = "connection" | "answered" | "processes" | "probes";

export type Reason =
  | { readonly kind: "foreign"; readonly count: number }
  /** The client said so more often in a row than its dials and its close explain. */
  | { readonly kind: "repeated"; readonly change: ConnectionChange; readonly times: number; readonly timesMax: number }
  | { readonly kind: "contradiction"; readonly contradiction: Contradiction }
  | { readonly kind: "closed-client-back" }
  | { readonly kind: "dead-letter-missing"; readonly message: number; readonly stream: string }
  | { readonly kind: "altered"; readonly message: number; readonly published: Content; readonly arrived: Content }
  | {
      readonly kind: "disagreement";
      /** Undefined where no step could be compared at all. */
      readonly lead: Disagreement | undefined;
      readonly at: StepId;
      /** The number of deliveries that were matched by then. */
      readonly matched: number;
      readonly deliveries: number;
    }
  | { readonly kind: "out-of-evaluations"; readonly evaluationsMax: number }
  /** Not every order of several publishers' calls was tried (`mayBeLostTwice`). */
  | { readonly kind: "turns-unknown" };

/** The most disagreements kept for one place: enough to find one about a message. */
const keptMax = 12;

/** The furthest place that any path reached, by step and then by deliveries, and the disagreements met there. */
export class Furthest {
  step = -1;
  matched = -1;
  private readonly met = new Map<string, Disagreement>();

  note(step: number, matched: number, disagreement: Disagreement): void {
    if (step < this.step || (step === this.step && matched < this.matched)) return;
    if (step > this.step || matched > this.matched) {
      this.step = step;
      this.matched = matched;
      this.met.clear();
    }
    if (this.met.size >= keptMax) return;
    const key = JSON.stringify(disagreement);
    if (!this.met.has(key)) this.met.set(key, disagreement);
  }

  /** The disagreement that helps most: one about a message before any other. */
  lead(): Disagreement | undefined {
    const all = [...this.met.values()];
    return all.find(isAboutMessage) ?? all[0];
  }
}

const isAboutMessage = ({ kind }: Disagreement): boolean =>
  kind === "publish" || kind === "arrived-late" || kind === "delivered-though-lost" || kind === "delivery-beyond";

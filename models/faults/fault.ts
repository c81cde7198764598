/**
 * What makes a kind of fault, all in one file of its own: what it needs, when it can be done, what it does to the view and in the
 * model's bus, its words and its letters for `exhaust`. How a rig does it for real is the file of the same name in
 * `src/worlds/driver/faults/`.
 *
 * Elsewhere: its shape is data of the vocabulary, and its bounds are in `src/files/scenario-schema.ts`, since models have no library; what keeps a
 * dial from getting through (`properties/cold-start.ts`) and what is plainer than a fault (`properties/arbitraries/`) is said there,
 * since properties and generators see the vocabulary alone; what a server that ends does to its streams is `models/bus.ts`, since that
 * is one story of link, client and server.
 */
import type { Life } from "../plan/life.ts";
import type { NotEnabled } from "../plan/reasons.ts";
import type { Setting } from "../plan/setting.ts";
import type { View } from "../plan/view.ts";
import type { Bus } from "../state.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { Capability, Fault, StepId } from "../vocabulary/scenario.ts";

export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { readonly kind: Kind }>;

export interface FaultKind<F extends Fault = Fault> {
  readonly kind: F["kind"];
  /** What a world has to be able to do. */
  readonly capability: Capability;
  /** It is about a service, or about its streams. */
  readonly needsPolicy?: true;
  /** It can be done, too, once the client has closed for good. */
  readonly outlivesClient?: true;
  /** It shows at the publish that reaches it, and not at once. */
  readonly takesEffect?: "at-a-publish";

  /** Why it cannot be done before a process starts, where nothing else is wrong. */
  notEnabledBeforeStart(fault: F): NotEnabled | undefined;
  /** Why it cannot be done to a client that is connected, over a link that is up. */
  notEnabled(view: View, fault: F, setting: Setting): NotEnabled | undefined;
  /** Makes the view that of after it; gives back what befalls the process. */
  install(view: View, step: StepId, fault: F, setting: Setting): readonly Life[];
  /** What it does in the model at once. */
  harm(harmed: Harmed<F>): void;
  /** As a line of a counterexample. */
  words(fault: F): string;
  /** What `exhaust` may write of it. */
  letters(scope: LetterScope): readonly FaultLetter<F>[];
}

/** What a fault is done to. */
export interface Harmed<F extends Fault = Fault> {
  readonly bus: Bus;
  readonly fault: F;
  /** The link goes down: what becomes of the connection, of the server and of what its streams hold. */
  goDown(): void;
}

export interface LetterScope {
  /** Messages of one schedule. */
  readonly publishes: number;
  readonly policy?: Policy;
}

export interface FaultLetter<F extends Fault = Fault> {
  readonly name: string;
  fault(size: { readonly frameBytes: number }): F;
}

/** Nothing befalls the process. */
export const noLife: readonly Life[] = [];

/** One letter, named as the kind; where the fault needs a policy, only under one. */
export const onlyLetter = <F extends Fault>(fault: F): readonly FaultLetter<F>[] => [
  { name: fault.kind, fault: () => fault },
];

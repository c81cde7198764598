/**
 * A kind of fault, all in one file: what it needs, when it can be done, and what it does to the view and in the model's bus. The file also
 * has its words and its letters for `exhaust`. How a rig does it for real is in the file of the same name in `src/worlds/driver/faults/`.
 *
 * Four things lie elsewhere. Its shape is data of the vocabulary. Its bounds are in `src/files/scenario-schema.ts`, since models use no
 * library. Properties and generators see the vocabulary alone, so `properties/cold-start.ts` says what keeps a dial from getting through,
 * and `properties/arbitraries/` what is plainer than a fault. `models/bus.ts` has what a server that ends does to its streams, since that
 * is one story of link, client and server.
 */
import type { Life } from "../plan/life.ts";
import type { NotEnabled } from "../plan/reasons.ts";
import type { Setting } from "../plan/setting.ts";
import type { View } from "../plan/view.ts";
import type { Bus } from "../state.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Capability, Fault, StepId } from "../vocabulary/scenario.ts";

export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { readonly kind: Kind }>;

export interface FaultKind<F extends Fault = Fault> {
  readonly kind: F["kind"];
  /** The capability that a world needs for it. */
  readonly capability: Capability;
  /** The fault concerns a service or its streams. */
  readonly needsPolicy?: true;
  /** The fault is possible even after the client has closed for good. */
  readonly outlivesClient?: true;
  /** The fault shows at the publish that reaches it, and not at once. */
  readonly takesEffect?: "at-a-publish";
  /** A dial made meanwhile may get the server's greeting, and die before its PING is answered. */
  readonly greetsDials?: true;

  /** The reason why it cannot be done before a process starts, where nothing else is wrong. */
  notEnabledBeforeStart(fault: F): NotEnabled | undefined;
  /** The reason why it cannot be done to a client that is connected, over a link that is up. */
  notEnabled(view: View, fault: F, setting: Setting): NotEnabled | undefined;
  /** Makes the view the one after the fault, and returns what happens to the process. */
  install(view: View, step: StepId, fault: F, setting: Setting): readonly Life[];
  /** Applies the fault's immediate effect to the model's bus. */
  harm(harmed: Harmed<F>): void;
  /** The fault as a line of a counterexample. */
  words(fault: F): string;
  /** The letters of this fault that `exhaust` may write. */
  letters(scope: LetterScope): readonly FaultLetter<F>[];
}

/** The part of the model that a fault acts on. */
export interface Harmed<F extends Fault = Fault> {
  readonly bus: Bus;
  readonly fault: F;
  /** Takes the link down, with the consequences for the connection, the server and its streams. */
  goDown(): void;
}

export interface LetterScope {
  /** The number of messages of one schedule. */
  readonly publishes: number;
  readonly policy?: Policy;
}

export interface FaultLetter<F extends Fault = Fault> {
  readonly name: string;
  fault(size: { readonly frameBytes: number }): F;
  /** A word for its consequences with this client: of letters with one word only the first is tried. Absent: there is none like it. */
  consequences?(profile: Profile): string;
}

/** Nothing happens to the process. */
export const noLife: readonly Life[] = [];

/** A single letter, named after the kind; a fault that needs a policy has it only under one. */
export const onlyLetter = <F extends Fault>(fault: F): readonly FaultLetter<F>[] => [
  { name: fault.kind, fault: () => fault },
];

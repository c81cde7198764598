/** The interface of every world to the harness. It is entered once a case, never once a step. */
import type { InjectorLimits, PlannedCase, PlannedStep } from "../models/plan/plan.ts";
import type { BusState } from "../models/state.ts";
import type { Emit } from "../models/vocabulary/event.ts";
import type { Capability } from "../models/vocabulary/scenario.ts";

/** A scenario held against one bus, whose profile declares its behaviour. It is planned once, for any world. */
export interface Case extends PlannedCase {
  readonly bus: string;
  readonly seed: string;
}

/** A case before it is planned. */
export type AskedCase = Omit<Case, "plan">;

/** Receives every step of a run of the model, including the end, with the client's state around it. */
export interface Watch {
  onStep(planned: PlannedStep, before: BusState["client"], after: BusState["client"]): void;
}

export interface Stage {
  /** The common capabilities of world and bus; a case that needs more is not run. */
  readonly capabilities: ReadonlySet<Capability>;
  /** The limits of its injectors; a step that needs more is skipped. */
  readonly limits: InjectorLimits;
  /** Capabilities that the world should have and has not shown here; a case that needs one is inconclusive. */
  readonly unproven?: ReadonlySet<Capability>;
  run(one: Case, emit: Emit): void | Promise<void>;
  /** The same while nothing else of this world runs; absent where cases do not get into each other's way. */
  runAlone?(one: Case, emit: Emit): Promise<void>;
  /** The same while every byte of the link is kept at both of its ends; absent where the world has no link that could spoil any. */
  runWatched?(one: Case, emit: Emit): Promise<void>;
  close(): Promise<void>;
}

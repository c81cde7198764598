/** What every world is to the harness: entered once a case, never once a step. */
import type { InjectorLimits, PlannedCase, PlannedStep } from "../models/plan/plan.ts";
import type { BusState } from "../models/state.ts";
import type { Emit } from "../models/vocabulary/event.ts";
import type { Capability } from "../models/vocabulary/scenario.ts";

/** A scenario held against one bus, whose profile says what that is declared to do; it is planned once, whatever world runs it. */
export interface Case extends PlannedCase {
  readonly bus: string;
  readonly seed: string;
}

/** A case before it is planned. */
export type AskedCase = Omit<Case, "plan">;

/** Told of every step that a run of the model does, the end among them, with the client's state around it. */
export interface Watch {
  onStep(planned: PlannedStep, before: BusState["client"], after: BusState["client"]): void;
}

export interface Stage {
  /** What world and bus together can do; a case that needs more is not run. */
  readonly capabilities: ReadonlySet<Capability>;
  /** What its injectors cannot do; a step that needs more is skipped. */
  readonly limits: InjectorLimits;
  /** The world should be able to do this and has not shown it here; a case that needs it is inconclusive. */
  readonly unproven?: ReadonlySet<Capability>;
  run(one: Case, emit: Emit): void | Promise<void>;
  close(): Promise<void>;
}

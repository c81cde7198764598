/** What every world is to the harness: entered once a case, never once a step. */
import type { View } from "../models/plan/view.ts";
import type { BusState } from "../models/state.ts";
import type { Emit } from "../models/vocabulary/event.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Capability, Scenario, Step } from "../models/vocabulary/scenario.ts";

export type WorldName = "model" | "live";

/** A scenario held against one bus. */
export interface Case {
  readonly scenario: Scenario;
  readonly bus: string;
  /** What the bus is declared to do. */
  readonly profile: Profile;
  readonly seed: string;
}

/** What of a view tells which fault is in force. */
export type FaultView = Readonly<Pick<View, "link" | "hindrance" | "door" | "jetStream">>;

/** Told of every step that a run of the model does, with the client's state around it. `step` undefined: heal all, settle. */
export interface Watch {
  onStep(
    before: FaultView,
    client: BusState["client"],
    step: Step | undefined,
    overlapping: boolean,
    after: BusState["client"],
  ): void;
}

export interface Stage {
  /** What world and bus together can do; a case that needs more is not run. */
  readonly capabilities: ReadonlySet<Capability>;
  run(one: Case, emit: Emit): void | Promise<void>;
  close(): Promise<void>;
}

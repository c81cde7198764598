/** What every world is to the harness: entered once a case, never once a step. */
import type { Emit } from "../models/vocabulary/event.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Capability, Scenario } from "../models/vocabulary/scenario.ts";

export type WorldName = "model" | "live";

/** A scenario held against one bus. */
export interface Case {
  readonly scenario: Scenario;
  readonly bus: string;
  /** What the bus is declared to do. */
  readonly profile: Profile;
  readonly seed: string;
}

export interface Stage {
  /** What world and bus together can do; a case that needs more is not run. */
  readonly capabilities: ReadonlySet<Capability>;
  run(one: Case, emit: Emit): void | Promise<void>;
  close(): Promise<void>;
}

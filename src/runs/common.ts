/** What every command that runs cases is asked with, read and checked. */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { BackendName } from "../worlds/live/backend.ts";

/** A policy, and the word that the user named it by. */
export interface NamedPolicy {
  readonly named: string;
  readonly policy: Policy;
}

export interface Common {
  /** As the user named them; empty if none. */
  readonly buses: readonly string[];
  readonly profile: string | undefined;
  readonly seed: string;
  readonly require: readonly string[];
  /** What the bus does around its client, whatever a scenario says of that. */
  readonly policy: NamedPolicy | undefined;
  /** Live cases at once, at most. */
  readonly lanes: number;
  /** Where the servers of the live world run. */
  readonly backend: BackendName;
  /** The folder of a run to go on with. */
  readonly resume?: string | undefined;
}

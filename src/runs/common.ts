/** The options of every command that runs cases, read and checked. */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { BackendName } from "../worlds/live/backend.ts";

/** A policy, and the word that the user named it by. */
export interface NamedPolicy {
  readonly named: string;
  readonly policy: Policy;
}

export interface Common {
  /** The names that the user gave; empty if none. */
  readonly buses: readonly string[];
  readonly profile: string | undefined;
  readonly seed: string;
  readonly require: readonly string[];
  /** The behaviour that the bus adds around its client; it replaces that of any scenario. */
  readonly policy: NamedPolicy | undefined;
  /** Live cases at once, at most. */
  readonly lanes: number;
  /** The place where the servers of the live world run. */
  readonly backend: BackendName;
  /** The folder of a run to go on with. */
  readonly resume?: string | undefined;
}

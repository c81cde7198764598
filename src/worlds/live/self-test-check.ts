/** The shape of one claim of the self-test. self-test-link.ts and self-test-server.ts write claims, and self-test.ts tries them. */
import type { Capability } from "../../../models/vocabulary/scenario.ts";

/** `S` is the stage on which it is tried. */
export interface Check<S> {
  readonly name: string;
  /** Capabilities of which none is shown without this claim. */
  readonly neededFor: readonly Capability[];
  /** Throws an error that describes what it saw instead. */
  readonly run: (stage: S) => Promise<void>;
}

export function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

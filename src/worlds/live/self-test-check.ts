/** One claim of the self-test, as self-test-link.ts and self-test-server.ts write them and self-test.ts tries them. */
import type { Capability } from "../../../models/vocabulary/scenario.ts";

/** `S`: what it is tried on. */
export interface Check<S> {
  readonly name: string;
  /** None of these without this claim. */
  readonly neededFor: readonly Capability[];
  /** Throws what it saw instead. */
  readonly run: (stage: S) => Promise<void>;
}

export function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/**
 * The goals that a search has seen, with the run that first showed each. A goal that was seen is not looked for any more, so it costs
 * nothing.
 */
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { goals as allGoals, type Goal } from "../../../properties/goals.ts";
import type { Declared } from "../../../properties/property.ts";

/** A generator that makes trouble shows every goal within this many runs; the rarest, giving up, comes in one of 25. */
export const runsDue = 1_000;

export class GoalsSeen {
  private open: readonly Goal[];
  private watching: { readonly goal: Goal; readonly sees: (event: Event) => boolean; isSeen: boolean }[] = [];
  private readonly firstRuns = new Map<string, number>();
  private runs = 0;

  /** Random scenarios under a policy are different, and have no goals yet. */
  constructor(profile: Profile, policy?: Policy) {
    const goals = policy === undefined ? allGoals : [];
    this.open = goals.filter(({ possible }) => possible === undefined || possible(profile));
  }

  /** True while a goal is left to look for. */
  get isOpen(): boolean {
    return this.open.length > 0;
  }

  beginRun(declared: Declared): void {
    this.runs++;
    if (this.open.length > 0)
      this.watching = this.open.map(goal => ({ goal, sees: goal.watch(declared), isSeen: false }));
  }

  onEvent(event: Event): void {
    for (const one of this.watching) if (!one.isSeen && one.sees(event)) one.isSeen = true;
  }

  endRun(): void {
    const seen = this.watching.filter(one => one.isSeen).map(one => one.goal);
    if (seen.length > 0) this.open = this.open.filter(goal => !seen.includes(goal));
    for (const { id } of seen) this.firstRuns.set(id, this.runs);
    this.watching = [];
  }

  progress(): GoalProgress {
    const neverReached = this.open.map(({ id, what, beside }) => ({ id, what, beside }));
    return { reached: Object.fromEntries(this.firstRuns), neverReached, runsDue, isDue: this.runs >= runsDue };
  }
}

export interface GoalProgress {
  /** The first run, from 1, that showed each goal, by its id. */
  readonly reached: Readonly<Record<string, number>>;
  readonly neverReached: readonly Pick<Goal, "id" | "what" | "beside">[];
  readonly runsDue: number;
  /** True once the runs are enough to expect every goal. */
  readonly isDue: boolean;
}

/** The budget of a start: the passes over the servers that a deadline leaves room for, and a margin. */

export interface StartupBudget {
  readonly servers: number;
  readonly passes: number;
  /** The margin, in connect timeouts. */
  readonly marginTimeouts: number;
}

/** Three passes over three servers, and a margin of one and a half timeouts. */
export const budgetExample: StartupBudget = { servers: 3, passes: 3, marginTimeouts: 1.5 };

export const budgetMarginMs = ({ marginTimeouts }: StartupBudget, connectTimeoutMs: number): number =>
  marginTimeouts * connectTimeoutMs;

export const startupBudgetMs = (budget: StartupBudget, connectTimeoutMs: number): number =>
  connectTimeoutMs * (budget.servers * budget.passes + budget.marginTimeouts);

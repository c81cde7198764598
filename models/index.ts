/** `nats-faultline/model`: the pure model, its oracle and its vocabulary. It has no clock, no library and no chance of its own. */
export { settle, step } from "./bus.ts";
export { type Answer, type Choose, expand, sampled } from "./choice.ts";
export { type Admission, admits, type Observation, observe } from "./oracle.ts";
export { type PlannedStep, plan, settleId, type ViewedStep, viewedSteps } from "./plan/plan.ts";
export { profiles } from "./profiles/index.ts";
export { type BusState, copy, key, newState } from "./state.ts";
export type * from "./vocabulary/event.ts";
export * from "./vocabulary/frame.ts";
export type * from "./vocabulary/profile.ts";
export * from "./vocabulary/scenario.ts";
export * from "./vocabulary/verdict.ts";

/** `nats-faultline/model`: the pure model, its oracle and its vocabulary. It uses no clock, no library and no randomness. */
export { type Given, step } from "./bus.ts";
export { type Answer, type Choose, expand, sampled } from "./choice.ts";
export type { Disagreement, Reason } from "./explanation.ts";
export { type Observation, observe } from "./observation.ts";
export { type Admission, admits } from "./oracle.ts";
export {
  type InjectorLimit,
  type Life,
  liveLimits,
  type NotEnabled,
  type Pass,
  type Plan,
  type PlannedCase,
  type PlannedStep,
  plan,
  planCase,
  type ScenarioStep,
  type SettleStep,
  settleId,
  type View,
} from "./plan/plan.ts";
export { profiles } from "./profiles/index.ts";
export { type Bus, type BusState, copy, key, newState } from "./state.ts";
export type { CallTold, PublishTold, ServiceTold } from "./told.ts";
export type * from "./vocabulary/event.ts";
export * from "./vocabulary/frame.ts";
export type * from "./vocabulary/profile.ts";
export * from "./vocabulary/scenario.ts";
export * from "./vocabulary/verdict.ts";
export { worded } from "./words.ts";

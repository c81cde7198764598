/** The library: the pieces of a run, for those who write their own. */
export { profiles } from "../models/profiles/index.ts";
export type { Emit, Event } from "../models/vocabulary/event.ts";
export type { Profile } from "../models/vocabulary/profile.ts";
export type { Capability, Scenario, Step } from "../models/vocabulary/scenario.ts";
export type { Ledger, PropertyVerdict, Verdict } from "../models/vocabulary/verdict.ts";
export { catalogue } from "../properties/catalogue.ts";
export { exitCodes, FaultlineError } from "./errors.ts";
export { loadCorpus } from "./files/corpus.ts";
export { parseScenario } from "./files/scenario-schema.ts";
export { type Counterexample, keepCounterexample } from "./findings/counterexample.ts";
export { type HoldsOptions, type HoldsVerdict, renderHolds, verdictOn } from "./holds.ts";
export { missingCapabilities, requiredCapabilities } from "./judge/capability.ts";
export { type Judgement, type JudgeOptions, judge } from "./judge/judge.ts";
export { type CaseRun, runCase } from "./judge/run.ts";
export type { Case, Stage } from "./world.ts";
export { openModel } from "./worlds/model.ts";
export type { WorldName } from "./worlds/names.ts";

/** `nats-faultline/properties`: the promises, the ledger, what they are folds of, and arbitraries of what they are judged on. */
export { faults } from "./arbitraries/faults.ts";
export type { FaultName, FaultSpace, StepName, StepSpace } from "./arbitraries/kinds.ts";
export { type PolicyKinds, policies } from "./arbitraries/policies.ts";
export { type RunSpace, scenariosUnder } from "./arbitraries/runs.ts";
export { type ScenarioSpace, scenarioOf } from "./arbitraries/scenario.ts";
export { type ScenariosSpace, scenarios } from "./arbitraries/scenarios.ts";
export { type Schedule, type ScheduleSetting, scenarioWith, scheduleOf } from "./arbitraries/schedule.ts";
export { type ScheduleSpace, schedules } from "./arbitraries/schedules.ts";
export { propertyOfRuns } from "./arbitraries/seeded-property.ts";
export { steps } from "./arbitraries/steps.ts";
export { catalogue } from "./catalogue.ts";
export { type Goal, goals } from "./goals.ts";
export { ledgerOf, newLedger, recordInLedger } from "./ledger.ts";
export {
  type Declared,
  type Fold,
  judgeProperty,
  type OwnedProperty,
  type PromiseOwner,
  type Property,
  property,
  type Wording,
} from "./property.ts";

/** `nats-faultline/properties`: the promises, the ledger, what they are folds of, and random scenarios to judge them on. */
export { type ScenarioSpace, scenarioOf } from "./arbitraries/scenario.ts";
export { scenarios } from "./arbitraries/scenarios.ts";
export { catalogue } from "./catalogue.ts";
export { type Goal, goals } from "./goals.ts";
export { ledgerOf, newLedger, recordInLedger } from "./ledger.ts";
export { type Declared, type Fold, judgeProperty, type Property, property } from "./property.ts";

/** `nats-faultline/properties`: the promises, the ledger, the types of their folds, and random scenarios to judge them on. */
export { type ScenarioSpace, scenarioOf, scenarios } from "./arbitraries/scenario.ts";
export { catalogue } from "./catalogue.ts";
export { type Goal, goals } from "./goals.ts";
export { ledgerOf, newLedger, recordInLedger } from "./ledger.ts";
export { type Declared, type Fold, judgeProperty, type Property, property } from "./property.ts";

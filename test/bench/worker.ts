/** One worker of the two: its share of the search, then its share of cases that break something. Started by measure.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { casesThatFail, cpuMs, newCases, search, warmUp } from "./cases.ts";

const { from, to } = workerData as { readonly from: number; readonly to: number };
/** Cases that fail are recorded and held against the oracle: a share of the share will do. */
const oneIn = 100;

const cases = newCases();
warmUp(() => void search(cases, 1_000_000, 1_005_000));
const ms = cpuMs(() => void search(cases, from, to));
const failing = search(casesThatFail(), from / oneIn, to / oneIn);
parentPort?.postMessage({ ms, failing });

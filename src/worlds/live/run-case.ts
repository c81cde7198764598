/**
 * One case on the real parts. The recipe (docs/facts.md, F-93 to F-99) makes what can be exact exact:
 *
 * 1. An observer beside the proxy is subscribed, and flushed, before the bus starts.
 * 2. A fault is put in force by a call that returns when it is: the proxy deleted, a toxic laid, a process gone. The reply of the one that
 *    it befell shows it, and that one is asked again before the heal; the proxy is asked whether a cut lasted by the opening itself, which
 *    it refuses where there is a link. A fault that is not in force ends the case there: nothing was shown.
 * 3. What the client has noticed is its own event, looked for from a mark taken before the fault; never a sleep.
 * 4. Before a link opens again the server has let go of the connection before it, so no byte of that one comes late.
 *    Nor is a dial under way then that began before (dials.ts).
 * 5. Settled: the bus's flush, then the observer's. What is not there then has not arrived.
 *
 * It does what `plan` says and emits what it sees; it never judges. A wait that is not met becomes an event. live-case.ts is the bare
 * client's case, service-case.ts that of a bus with a policy.
 */
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import type { Case } from "../../world.ts";
import { type CaseParts, LiveCase, type OnMemory, type Parts } from "./live-case.ts";
import { ServiceCase } from "./service-case.ts";
import { observedSubjects } from "./service-subjects.ts";

/** Runs a case; `number` is unique among those of one server. */
export async function runLiveCase(
  one: Case,
  number: number,
  parts: Parts,
  emit: Emit,
  onMemory?: OnMemory,
): Promise<void> {
  const { scenario } = one;
  const subject = uniqueSubject(number, scenario.options.subject.length);
  const observer = await parts.openObserver(
    scenario.policy === undefined ? [subject] : observedSubjects(one, scenario.policy),
  );
  const process = endsItsProcess(scenario) ? await parts.spawn() : parts.shared;
  const given: CaseParts = { one, number, subject, parts, process, observer, emit, onMemory };
  const run = scenario.policy === undefined ? new LiveCase(given) : new ServiceCase(given, scenario.policy);
  try {
    await run.all();
  } finally {
    await run.cleanUp();
  }
}

/** Of the same length, since sizes are protocol bytes. */
const uniqueSubject = (number: number, length: number): string => `f${number.toString(36).padStart(length - 1, "0")}`;

const endsItsProcess = ({ policy, steps }: Scenario): boolean => policy !== undefined || steps.some(isExit);

const isExit = (step: Step): boolean =>
  step.kind === "exit" || (step.kind === "together" && step.steps.some(one => one.kind === "exit"));

/**
 * The processes of the bus: started, waited for, signalled, ended. The plan says what happens to replica 0; this file does it, and emits
 * what the process makes of it. The harness is the supervisor: it restarts what has failed.
 */
import { type Life, type ScenarioStep, settleId, type View } from "../../../models/plan/plan.ts";
import { failsProbe } from "../../../models/policy/probes.ts";
import { stopBoundMs, termToKillMs } from "../../../models/policy/stops.ts";
import { killedCode } from "../../../models/shutdown.ts";
import type { ProbeName } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { SignalStep, Step, StepId } from "../../../models/vocabulary/scenario.ts";
import { BusEnded } from "../../bus-protocol/errors.ts";
import type { BusEvent, StartCommand } from "../../bus-protocol/protocol.ts";
import { checkClocks, dropTimers } from "./clocks.ts";
import { busOf, type Course, giveUp, giveUpByHarness, type Running, type ServiceCourse } from "./course.ts";
import { harnessIsThrough, keepPace } from "./gaps.ts";
import { dropWork, loseKept, read, sayEvents, workOf } from "./hearing.ts";
import { awaitPath, tellProbe } from "./probes.ts";
import type { Process } from "./rig.ts";
import { sayCall } from "./voice.ts";
import {
  awaitFirstConnected,
  awaitSaid,
  callBoundMs,
  connectTimeoutMs,
  isConnected,
  notAwaited,
  noticeBoundMs,
} from "./waits.ts";

const exitBoundMs = 30_000;

type StartStep = Extract<Step, { kind: "start" }>;

export async function start(course: Course, planned: ScenarioStep, step: StartStep): Promise<void> {
  const { replica = 0 } = step;
  const { service } = course;
  if (service === undefined) return startClient(course, step);
  if (replica === 0) return live(course, planned.life, step.id, planned.before.door);
  const running = await spawn(course, replica, [course.rig.server.port]);
  course.emit({ kind: "process", change: "started", replica, by: "scenario", atMs: course.nowMs });
  if (!(await running.process.client.waitFor(isConnected, 0, noticeBoundMs)))
    notAwaited(course, step.id, `replica ${replica} to connect`);
  await awaitPath(course, service, running, step.id);
}

/** A bare client: its process runs already, and the call to connect reports how the start went. */
async function startClient(course: Course, { id }: StartStep): Promise<void> {
  course.running.set(0, runningOf(course, 0, course.first));
  const { outcome } = await busOf(course).call(startCommand(course, course.rig.link.ports, course.name), callBoundMs);
  sayEvents(course);
  sayCall(course, id, "start", { outcome });
  // Every later call would be refused, which says nothing of the bus.
  if (outcome.is === "ok") return;
  const words = outcome.text === undefined || outcome.text === "" ? "" : `: ${outcome.text}`;
  giveUp(id, `its start to succeed; it ended in ${outcome.kind}${words}`);
}

function startCommand({ one, number, service }: Course, ports: readonly number[], name: string): StartCommand {
  const {
    reconnectBufferBytesMax,
    reconnectWaitMs,
    reconnectJitterMs,
    reconnectAttemptsMax,
    pingIntervalMs,
    pingsOutMax,
  } = one.scenario.options;
  return {
    do: "start",
    case: number,
    url: ports.map(port => `nats://127.0.0.1:${port}`).join(","),
    name,
    options: {
      reconnectWaitMs,
      reconnectAttemptsMax,
      connectTimeoutMs,
      ...(reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax }),
      ...(reconnectJitterMs === undefined ? {} : { reconnectJitterMs }),
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
      ...(pingsOutMax === undefined ? {} : { pingsOutMax }),
    },
    ...(service === undefined ? {} : { policy: service.policy }),
  };
}

const runningOf = ({ rig: { clock } }: Course, replica: number, process: Process): Running => ({
  replica,
  process,
  startedMs: clock.nowMs(),
  eventsRead: 0,
  lookedAtMs: clock.nowMs(),
  path: undefined,
  ending: undefined,
  leaving: false,
});

async function spawn(course: Course, replica: number, ports: readonly number[]): Promise<Running> {
  // One that was to end by itself and did not would outlast the case.
  const left = course.running.get(replica);
  if (left !== undefined) await course.rig.processes.release(left.process);
  const process = course.ready ?? (await course.rig.processes.spawn());
  course.ready = undefined;
  process.client.mayEnd();
  const running = runningOf(course, replica, process);
  course.running.set(replica, running);
  if (replica === 0) harnessIsThrough(course);
  const name = replica === 0 ? course.name : `${course.name}-r${replica}`;
  // A process that fails at once may be gone before it has answered. The wait for its end sees how it ended.
  await process.client.call(startCommand(course, ports, name), callBoundMs).catch(unlessEnded);
  return running;
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof BusEnded)) throw error;
}

/** The events in the life of replica 0, as planned; each is waited for. */
export async function live(course: Course, life: readonly Life[], step: StepId, door: View["door"]): Promise<void> {
  for (const one of life) {
    await keepPace(course, one.atMs);
    course.nowMs = Math.max(course.nowMs, one.atMs);
    switch (one.what) {
      case "started":
        await startFirst(course, one, door);
        break;
      case "connected":
        await awaitFirstConnected(course, step);
        break;
      case "client-closed":
        await awaitSaid(course, step, "closed", 0);
        break;
      case "exited":
        await firstExited(course);
        break;
      case "killed":
        await killProbed(course, one, step);
        break;
    }
  }
}

async function startFirst(
  course: Course,
  { by, atMs }: Extract<Life, { readonly what: "started" }>,
  door: View["door"],
): Promise<void> {
  const { strategy, deadlineMs = 0, connectTimeoutMs: dialMs } = policyOf(course).startup;
  const began = course.rig.clock.nowMs();
  course.emit({ kind: "process", change: "started", replica: 0, by, atMs });
  const running = await spawn(course, 0, course.rig.link.ports);
  course.first = running.process;
  course.caseMark = 0;
  course.openAtClose = undefined;
  course.said.events = 0;
  course.harm.mark = 0;
  course.said.probe = "";
  // Until then the call to connect has not returned; a port that refuses takes no time.
  const passMs = dialMs * (course.one.scenario.options.servers ?? 1);
  if (door === "silent") course.timers.push({ what: "first pass", atMs: atMs + passMs, realMs: began + passMs });
  if (strategy === "retry-with-deadline")
    course.timers.push({ what: "deadline", atMs: atMs + deadlineMs, realMs: began + deadlineMs });
}

function policyOf({ service }: Course): ServiceCourse["policy"] {
  if (service === undefined) throw new Error("fault in faultline: a process lives by itself under a policy only");
  return service.policy;
}

/** Replica 0 has ended, by itself or when told to. */
export const firstExited = (course: Course): Promise<void> => sayExited(course, 0);

/**
 * Waits for the end of the process, and emits it as the process itself and the kernel report it. `beganMs`: the moment when it was told to
 * end.
 */
async function sayExited(course: Course, replica: number, beganMs?: number, handlerRanMs?: number): Promise<void> {
  const running = course.running.get(replica);
  if (running === undefined) return;
  const { clock } = course.rig;
  if (!(await clock.isDoneWithin(running.process.exited, exitBoundMs)))
    return notAwaited(course, settleId, `replica ${replica} to end`);
  const exit = await running.process.exited;
  if (exit.signal === null && exit.code === null)
    giveUp(settleId, `what wraps replica ${replica} to tell how it ended`);
  read(course, running);
  if (replica === 0) sayEvents(course);
  const { ending } = running;
  const isKilled = exit.signal !== null;
  const endedBadly = exit.signal !== "SIGKILL" && (isKilled || exit.code !== 0);
  if (exit.isCut === true && ending === undefined)
    giveUpByHarness(settleId, `the last words of replica ${replica}, whose output something else holds open`);
  // The call fails with the last words of a process that had not said that it would end.
  if (endedBadly && ending === undefined && !running.leaving)
    await running.process.client.call({ do: "status" }, callBoundMs);
  forget(course, replica);
  if (replica === 0) dropTimers(course, "deadline", "first pass");
  course.emit({
    kind: "process",
    change: "exited",
    replica,
    code: isKilled ? killedCode : (exit.code ?? 1),
    because: isKilled ? "killed" : (ending?.because ?? "exit"),
    tookMs: Math.max(0, Math.round(exit.atMs - (beganMs ?? running.startedMs))),
    forced: ending?.forced ?? false,
    toldLost: ending?.toldLost ?? 0,
    ...(handlerRanMs === undefined || isKilled ? {} : { handlerRanMs }),
    atMs: course.nowMs,
  });
}

function forget(course: Course, replica: number): void {
  const { running, service } = course;
  running.delete(replica);
  dropWork(course, replica);
  if (replica === 0) loseKept(course);
  for (const members of service?.members.values() ?? []) members.delete(replica);
}

/** The supervisor asks the probe once more, and ends the process as a pod is ended. One that succeeds is left alone, which the model contradicts. */
async function killProbed(
  course: Course,
  { by, view }: Extract<Life, { readonly what: "killed" }>,
  id: StepId,
): Promise<void> {
  const { service } = course;
  if (service === undefined) return;
  const answer = await tellProbe(course, service, view);
  if (answer === undefined || !failsProbe(service.policy, by, answer)) return;
  await signal(course, { id, kind: "signal", replica: 0, signal: "TERM" }, { probe: by });
}

interface Stopping {
  /** The probe for whose sake the supervisor stops the process. */
  readonly probe?: ProbeName;
  readonly publishMeanwhile?: () => Promise<void>;
}

/** TERM begins the policy's shutdown, which the supervisor bounds; KILL ends the process. */
export async function signal(
  course: Course,
  step: SignalStep,
  { probe, publishMeanwhile = () => Promise.resolve() }: Stopping,
): Promise<void> {
  const { id, replica, signal: name, meanwhile = [] } = step;
  const running = course.running.get(replica);
  if (running === undefined) throw new Error(`fault in faultline: replica ${replica} does not run`);
  const { process } = running;
  // The first process of the bus was known, but a script may start the next one in another way.
  if (process.unclaimed !== undefined) giveUp(id, `the process of replica ${replica} to be known`);
  const { clock } = course.rig;
  checkClocks(course, id);
  const beganMs = clock.nowMs();
  running.leaving = true;
  const ranMs = name === "TERM" ? handlerRanMs(course, replica, id) : undefined;
  if (name === "TERM") {
    const asked = probe === undefined ? {} : { probe };
    course.emit({ kind: "process", change: "stopping", replica, ...asked, atMs: course.nowMs });
    process.signal("TERM");
    const openUntilMs = meanwhile.length > 0 ? openUntil(course, replica, beganMs) : 0;
    if (meanwhile.length > 0) await beginsToStop(process, id);
    await publishMeanwhile();
    if (meanwhile.length > 0 && clock.nowMs() >= openUntilMs)
      giveUpByHarness(id, "its publishes to be made before the stop is over");
    const dueMs = beganMs + termToKillMs(policyOf(course).supervisor);
    const endsMs = workOf(course, replica).map(({ beganMs: at, takesMs }) => at + takesMs);
    if (!(await clock.isDoneWithin(process.exited, Math.max(0, dueMs - clock.nowMs())))) {
      process.signal("KILL");
      if (isKilledLate(clock.nowMs(), dueMs, endsMs))
        giveUpByHarness(id, "the supervisor's kill to come in time, which a busy machine may miss");
    }
  } else process.signal("KILL");
  await sayExited(course, replica, beganMs, ranMs);
}

/** The longest time by which a supervisor may be late, below what a stop may take beyond its budget. */
const killLateMsMax = 500;

/** True where the kill came long after it was due, or when a handler that was to outlast the wait for it may have ended. */
export const isKilledLate = (nowMs: number, dueMs: number, handlersEndMs: readonly number[]): boolean =>
  nowMs > dueMs + killLateMsMax || handlersEndMs.some(endMs => endMs > dueMs && nowMs >= endMs);

async function beginsToStop({ client }: Process, id: StepId): Promise<void> {
  const isStopping = (event: BusEvent): boolean => event.event === "stopping";
  if (!(await client.waitFor(isStopping, 0, noticeBoundMs))) giveUp(id, "the bus to say that it is stopping");
}

/** The earliest moment at which the stop can be over: its bound, or the end of a handler that it waits for. */
function openUntil(course: Course, replica: number, beganMs: number): number {
  const boundMs = stopBoundMs(policyOf(course));
  const ends = workOf(course, replica).map(({ beganMs: at, takesMs }) => at + takesMs);
  return Math.min(beganMs + boundMs, ...(ends.length > 0 ? [Math.max(...ends)] : []));
}

/**
 * The longest time for which a handler of the replica can have been at work by now. One that outlasts the bound of the stop must do so though
 * it has begun a little earlier.
 */
function handlerRanMs(course: Course, replica: number, id: StepId): number | undefined {
  const work = workOf(course, replica);
  if (work.length === 0) return undefined;
  const now = course.rig.clock.nowMs();
  const policy = policyOf(course);
  if (work.some(({ takesMs, beganMs }) => mayEndWithin(policy, { takesMs, ranMs: now - beganMs, atWork: work.length })))
    giveUpByHarness(id, "the scenario to keep pace with a real handler, which a busy machine cannot do");
  return Math.round(Math.max(...work.map(({ beganMs }) => now - beganMs)));
}

/** The time that a busy process may take to begin its stop. */
const stopLateMs = 100;
/** A handler that is at work when the stop begins, with the number of handlers that are. */
interface StoppedWork {
  readonly takesMs: number;
  readonly ranMs: number;
  readonly atWork: number;
}

/**
 * True where a handler that is to outlast a wait of the stop may end within it, since it has worked for `ranMs` already: the bound of the stop, and
 * the wait for each subscription that drains in its turn.
 */
export function mayEndWithin(policy: Policy, { takesMs, ranMs, atWork }: StoppedWork): boolean {
  const boundMs = stopBoundMs(policy);
  const { drainTimeoutMs, strategy } = policy.shutdown;
  const waits = drainTimeoutMs === undefined ? 0 : strategy === "drain" ? 1 : atWork;
  const inTurn = Array.from({ length: waits }, (_, i) => (i + 1) * (drainTimeoutMs ?? 0));
  const leftMs = takesMs - ranMs;
  return (takesMs > boundMs && leftMs <= boundMs) || inTurn.some(ms => takesMs > ms && leftMs <= ms + stopLateMs);
}

/** Ends every process that still runs, whatever its state. */
export async function releaseAll({ rig: { processes }, running, ready, first, service }: Course): Promise<void> {
  const all = service === undefined ? [first] : [...running.values()].map(({ process }) => process);
  await Promise.all([...all, ...(ready === undefined ? [] : [ready])].map(process => processes.release(process)));
}

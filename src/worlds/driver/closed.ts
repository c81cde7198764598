/**
 * A client that has said `closed` stays away. The server's list of connections is read several times, over a few of the client's reconnect
 * waits. A connection of that client which was not there at the first look is made by the client itself, which had been told to close, or had
 * given up.
 */
import { isCalm, type ScenarioStep, type View } from "../../../models/plan/plan.ts";
import { longestWaitMs } from "../../../models/policy/attempts.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Step, StepId } from "../../../models/vocabulary/scenario.ts";
import { busOf, type Course } from "./course.ts";
import { sayEvents } from "./hearing.ts";
import type { ServerConnection } from "./rig.ts";
import { hasSaid, isClosed, letGoBoundMs, notAwaited, notLetGo } from "./waits.ts";

type ClosedClient = Extract<Event, { readonly kind: "closed-client" }>;

const closedBoundMs = 5_000;
const lookEveryMs = 10;
/** The time in which it would come back: four of its reconnect waits, or one and a half where they are long. */
const reconnectWaits = 4;
const reconnectWaitsMin = 1.5;
const watchedMsMin = 50;
const watchedMsMax = 500;
/** A dial that was under way when the client closed may still reach the server. A client that has closed ends it at once. */
const staysMs = 1_000;
const staysLooksMin = 20;
const connectionsMin = 2;

/**
 * The connections that the server has before a step that closes a connected client. That client dials only once it has lost its connection,
 * so any other under its name is made later. Undefined where it may be dialling.
 */
export async function openBeforeClose(course: Course, { step, before }: ScenarioStep): Promise<Open | undefined> {
  const closes = step.kind === "together" ? step.steps.some(isClosing) : isClosing(step);
  if (!closes || before.client !== "connected" || !isCalm(before)) return undefined;
  return openNow(course);
}

/**
 * Waits until a client that its calls have closed by now says so. nats.go reports this from a goroutine, perhaps after the call that closed it
 * has returned. Where it does not say so, the model convicts it.
 */
export async function awaitClosed(course: Course, { ended }: View): Promise<void> {
  if (ended !== "closed" || course.closeFailed || !course.running.has(0)) return;
  await busOf(course).waitFor(isClosed, course.caseMark, closedBoundMs);
  sayEvents(course);
}

const isClosing = ({ kind }: Step): boolean => kind === "close" || kind === "drain";

/** Keeps the connections that may be from before the close: those of `open`, or else all that the server has by now. */
export async function noteClosed(course: Course, open?: Open): Promise<void> {
  const { server } = course.rig;
  if (course.openAtClose !== undefined || !hasSaid(course, "closed", course.caseMark)) return;
  if (open !== undefined) course.openAtClose = open;
  else if (server.isRunning && !server.isHalted) course.openAtClose = await openNow(course);
}

type Open = ReadonlySet<number>;

const openNow = async ({ rig: { server } }: Course): Promise<Open> =>
  new Set((await server.connections()).map(one => one.cid));

/**
 * Looks for it at the end of the case, when nothing is wrong any more. Undefined where a connection from before does not go away, which is
 * emitted as a wait that was not met.
 */
export async function lookForClosed(course: Course, step: StepId): Promise<ClosedClient | "not-said" | undefined> {
  const { clock, server } = course.rig;
  await noteClosed(course);
  const before = course.openAtClose;
  if (before === undefined) return "not-said";
  const watchedMs = watchedFor(longestWaitMs(course.one.scenario.options));
  const beganMs = clock.nowMs();
  let back: Back = { sinceMs: beganMs, looks: 0, cids: new Set() };
  for (;;) {
    const open = (await server.connections()).filter(one => one.name === course.name);
    const nowMs = clock.nowMs();
    back = seenAgain(back, open, before, nowMs);
    if (isBack(back, nowMs)) return { kind: "closed-client", is: "back", proof: proofOf(back) };
    if (open.length === 0 && nowMs - beganMs >= watchedMs) return { kind: "closed-client", is: "gone" };
    if (nowMs - beganMs > letGoBoundMs + watchedMs) {
      notAwaited(course, step, notLetGo);
      return undefined;
    }
    await clock.wait(lookEveryMs);
  }
}

const watchedFor = (waitMs: number): number =>
  Math.max(watchedMsMin, Math.min(watchedMsMax, reconnectWaits * waitMs), reconnectWaitsMin * waitMs);

/** Connections that the client made after it had closed, as the looks so far have shown them. */
interface Back {
  /** The looks in a row that have shown one, up to the last look. */
  readonly sinceMs: number;
  readonly looks: number;
  /** All that were ever seen. */
  readonly cids: ReadonlySet<number>;
}

function seenAgain(
  { sinceMs, looks, cids }: Back,
  open: readonly ServerConnection[],
  before: ReadonlySet<number>,
  nowMs: number,
): Back {
  const made = open.filter(({ cid }) => !before.has(cid)).map(({ cid }) => cid);
  if (made.length === 0) return { sinceMs: nowMs, looks: 0, cids };
  return { sinceMs: looks === 0 ? nowMs : sinceMs, looks: looks + 1, cids: new Set([...cids, ...made]) };
}

/** One may be a dial that was under way, so it must stay. A second was dialled after the close, however soon it is gone again. */
const isBack = ({ sinceMs, looks, cids }: Back, nowMs: number): boolean =>
  cids.size >= connectionsMin || (nowMs - sinceMs >= staysMs && looks >= staysLooksMin);

const proofOf = ({ cids }: Back): string =>
  `the server has connection ${[...cids].join(", ")} under its name, which it did not have before`;

/**
 * A case under a policy: processes of one bus that start, stop, are killed and started again; streams, consumers and probes. The
 * harness is the operator, who makes what the policy calls present and bound, and the supervisor. Replica 0 is behind the link.
 *
 * The scenario's own time stands still but for its `advance` steps. The real parts have clocks of their own that run on: what the
 * policy has measured by them (a duplicate window, an ack wait, a startup deadline) is waited for where the scenario's time has come
 * to it, and a case is inconclusive where the real time came to it first.
 */
import { setTimeout as wait } from "node:timers/promises";
import { viaOf } from "../../../models/durable-path.ts";
import { isProbed } from "../../../models/lifecycle.ts";
import { connectPends } from "../../../models/plan/life.ts";
import {
  isCalm,
  isDurable,
  type Life,
  type ScenarioStep,
  type SettleStep,
  settleId,
  type View,
} from "../../../models/plan/plan.ts";
import { saysVia } from "../../../models/server.ts";
import { killedCode } from "../../../models/shutdown.ts";
import type { ConnectionChange, Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { covers, streamOf } from "../../../models/vocabulary/policy-rules.ts";
import type { Fault, HealAwait, PublishStep, Step, StepId } from "../../../models/vocabulary/scenario.ts";
import { BusEnded } from "../../bus-protocol/errors.ts";
import type { BusEvent, Call, PublishReply, StartCommand } from "../../bus-protocol/protocol.ts";
import type { BusProcess } from "./bus-process.ts";
import { discardsOf } from "./discarded.ts";
import { isDoneWithin } from "./guard.ts";
import { type CaseParts, callBoundMs, LiveCase, noticeBoundMs } from "./live-case.ts";
import type { Observer } from "./observer.ts";
import { type Consumed, type Running, recordedIn, type Timer } from "./service-parts.ts";
import { idsOf, repeatedIds, treatedSubjects, unobservedSubjects } from "./service-subjects.ts";
import type { Streams } from "./streams.ts";

const exitBoundMs = 30_000;
const handledBoundMs = 10_000;
const pathBoundMs = 20_000;
const pollEveryMs = 2;
/** nats-server, stream.go, purgeMsgIds: what a duplicate window has outlived is forgotten at a timer that fires 50 ms apart at the least. */
const clockSlackMs = 100;

/** The ids of what a client may have kept, to send it once it is connected again. */
const kept = "kept";

export class ServiceCase extends LiveCase {
  readonly #policy: Policy;
  readonly #told: readonly Event[];
  readonly #running = new Map<number, Running>();
  readonly #firstOf = new Map<StepId, number>();
  /** By publish step, on the real clock. */
  readonly #sentAtMs = new Map<StepId, number>();
  readonly #core: Run[] = [];
  readonly #consumed = new Map<string, Consumed>();
  readonly #members = new Map<string, Set<number>>();
  /** A process started ahead of its step. */
  #ready: BusProcess | undefined;
  /** What the scenario publishes again, by the words of `idsOf`: only these windows matter. */
  readonly #repeated: ReadonlySet<string>;
  #streams: Streams | undefined;
  #taps: Observer | undefined;
  #nowMs = 0;
  #probe = "";
  #timers: Timer[] = [];
  /** All has settled: further deliveries are beyond what is compared. */
  #deaf = false;

  constructor(given: CaseParts, policy: Policy) {
    const told: Event[] = [];
    super({ ...given, emit: recordedIn(told, given.emit) });
    this.#told = told;
    this.#policy = policy;
    this.#ready = given.process;
    this.#repeated = repeatedIds(given.one.scenario);
  }

  /** As many servers as the pool has: all of them are the link. */
  protected override startCommand(port: number, name: string): StartCommand {
    const command = super.startCommand(port, name);
    const { servers = 1 } = this.one.scenario.options;
    return { ...command, url: Array.from({ length: servers }, () => command.url).join(","), policy: this.#policy };
  }

  protected override async prepare(): Promise<void> {
    const { taps } = this.#policy;
    const { core, durable } = treatedSubjects(this.one);
    const tapped = taps.filter(tap => [...core, ...durable].some(subject => covers(tap, subject)));
    if (tapped.length > 0) this.#taps = await this.parts.openObserver(tapped);
    await this.#operate();
  }

  /** What the operator has made before any bus starts. */
  async #operate(): Promise<void> {
    const { streams, consume } = this.#policy;
    const present = streams.filter(stream => stream.made === "present");
    if (present.length > 0) await (await this.#open()).create(present);
    if (consume.durables !== "bound") return;
    for (const subject of this.#subjectsSubscribed())
      if (present.includes(streamOf(this.#policy, subject) as never))
        await (await this.#open()).bind({ subject, ackWaitMs: consume.ackWaitMs, deliverMax: consume.deliverMax });
  }

  #subjectsSubscribed(): readonly string[] {
    const steps = this.one.scenario.steps;
    return [...new Set(steps.flatMap(step => (step.kind === "subscribe" ? [step.subject] : [])))];
  }

  async #open(): Promise<Streams> {
    this.#streams ??= await this.parts.openStreams();
    return this.#streams;
  }

  protected override async serverBack(): Promise<void> {
    await super.serverBack();
    await this.#streams?.close();
    this.#streams = undefined;
    await this.#taps?.reopen();
  }

  protected override async endProcesses(): Promise<void> {
    const all = [...this.#running.values()].map(({ process }) => process);
    await Promise.all([...all, ...(this.#ready === undefined ? [] : [this.#ready])].map(process => process.end()));
    await (await this.#open()).deleteAll();
    await this.#streams?.close();
    await this.#taps?.close();
  }

  // ---- Processes ----

  protected override async start(
    planned: ScenarioStep,
    { replica = 0 }: Extract<Step, { kind: "start" }>,
  ): Promise<void> {
    if (replica === 0) {
      const { before, step, life } = planned;
      await this.#live(life, step.id, before.door);
      return;
    }
    const running = await this.#spawn(replica, this.parts.server.port);
    this.emit({ kind: "process", change: "started", replica, by: "scenario", atMs: this.#nowMs });
    if (!(await running.process.client.waitFor(isConnected, 0, noticeBoundMs)))
      this.emit({ kind: "not-awaited", step: planned.step.id, what: `replica ${replica} to connect` });
    await this.#awaitPath(running, planned.step.id);
  }

  async #spawn(replica: number, port: number): Promise<Running> {
    const process = this.#ready ?? (await this.parts.spawn());
    this.#ready = undefined;
    process.client.mayEnd();
    const running: Running = {
      replica,
      process,
      startedMs: performance.now(),
      eventsSeen: 0,
      path: undefined,
      ending: undefined,
      leaving: false,
    };
    this.#running.set(replica, running);
    const name = replica === 0 ? this.name : `${this.name}-r${replica}`;
    // One that fails at once may be gone before it has answered; how it ended is seen by whoever waits for that.
    await process.client.call(this.startCommand(port, name), callBoundMs).catch(unlessEnded);
    return running;
  }

  /** What befalls replica 0, as the plan has it; each is waited for. */
  async #live(life: readonly Life[], step: StepId, door: View["door"]): Promise<void> {
    for (const one of life) {
      this.#nowMs = Math.max(this.#nowMs, one.atMs);
      switch (one.what) {
        case "started":
          await this.#startFirst(one.by, one.atMs, door);
          break;
        case "connected":
          await this.#awaitSaidFirst(step, "connected");
          break;
        case "client-closed":
          await this.#awaitSaidFirst(step, "closed");
          break;
        case "exited":
          await this.#sayExited(0, exitBoundMs);
          break;
      }
    }
  }

  async #startFirst(by: "scenario" | "supervisor", atMs: number, door: View["door"]): Promise<void> {
    const { strategy, deadlineMs = 0 } = this.#policy.startup;
    const began = performance.now();
    this.emit({ kind: "process", change: "started", replica: 0, by, atMs });
    const running = await this.#spawn(0, this.parts.link.port);
    this.process = running.process;
    this.caseMark = 0;
    this.eventsSeen = 0;
    this.faultMark = 0;
    this.#probe = "";
    // Until then the call to connect has not returned; a port that refuses takes no time.
    const { connectTimeoutMs } = this.#policy.startup;
    const passMs = connectTimeoutMs * (this.one.scenario.options.servers ?? 1);
    if (door === "silent") this.#timers.push({ what: "first pass", atMs: atMs + passMs, realMs: began + passMs });
    if (strategy === "retry-with-deadline")
      this.#timers.push({ what: "deadline", atMs: atMs + deadlineMs, realMs: began + deadlineMs });
  }

  async #awaitSaidFirst(step: StepId, change: ConnectionChange): Promise<void> {
    await this.awaitSaid(step, change, 0, noticeBoundMs);
    if (change === "connected") this.#dropTimers("deadline", "first pass");
  }

  /** Waits for the end of the process, and says it as the process itself and the kernel do. */
  async #sayExited(replica: number, boundMs: number, began?: number): Promise<void> {
    const running = this.#running.get(replica);
    if (running === undefined) return;
    if (!(await isDoneWithin(running.process.exited, boundMs))) {
      this.emit({ kind: "not-awaited", step: settleId, what: `replica ${replica} to end` });
      return;
    }
    const exit = await running.process.exited;
    this.#read(running);
    if (replica === 0) this.sayEvents();
    const { ending } = running;
    if (exit.signal === null && exit.code === null)
      this.giveUp(settleId, `what wraps replica ${replica} to tell how it ended`);
    const isKilled = exit.signal !== null;
    this.#forget(replica);
    if (replica === 0) this.#dropTimers("deadline", "first pass");
    this.emit({
      kind: "process",
      change: "exited",
      replica,
      code: isKilled ? killedCode : (exit.code ?? 1),
      because: isKilled ? "killed" : (ending?.because ?? "exit"),
      tookMs: Math.max(0, Math.round(exit.atMs - (began ?? running.startedMs))),
      forced: ending?.forced ?? false,
      toldLost: ending?.toldLost ?? 0,
      atMs: this.#nowMs,
    });
  }

  #forget(replica: number): void {
    this.#running.delete(replica);
    for (const members of this.#members.values()) members.delete(replica);
  }

  async #signal({ id, replica, signal }: Extract<Step, { kind: "signal" }>): Promise<void> {
    const running = this.#running.get(replica);
    if (running === undefined) throw new Error(`fault in faultline: replica ${replica} does not run`);
    const { process } = running;
    // The first process of the bus was known; a script may start the next one in another way.
    if (process.unclaimed !== undefined) this.giveUp(id, `the process of replica ${replica} to be known`);
    const began = performance.now();
    running.leaving = true;
    if (signal === "TERM") {
      this.emit({ kind: "process", change: "stopping", replica, atMs: this.#nowMs });
      process.signal("TERM");
      if (!(await isDoneWithin(process.exited, this.#policy.supervisor.killAfterMs))) process.signal("KILL");
    } else process.signal("KILL");
    await this.#sayExited(replica, exitBoundMs, began);
  }

  protected override async exited(): Promise<void> {
    const running = this.#running.get(0);
    if (running !== undefined) running.leaving = true;
    await super.exited();
    await this.#sayExited(0, exitBoundMs, performance.now());
  }

  // ---- Steps ----

  protected override async serve(planned: ScenarioStep, step: Step): Promise<void> {
    switch (step.kind) {
      case "subscribe":
        return this.#subscribe(step);
      case "signal":
        return this.#signal(step);
      case "advance":
        return this.#pass(planned, step.id);
      default:
        return super.serve(planned, step);
    }
  }

  async #subscribe({ id, replica, subject, handler }: Extract<Step, { kind: "subscribe" }>): Promise<void> {
    const running = this.#running.get(replica);
    if (running === undefined) throw new Error(`fault in faultline: replica ${replica} does not run`);
    if ((await (await this.#open()).consumer(subject)) === undefined) this.#consumed.delete(subject);
    const { outcome } = await running.process.client.call({ do: "subscribe", subject, handler }, callBoundMs);
    if (outcome.is === "ok") {
      const members = this.#members.get(subject) ?? new Set();
      this.#members.set(subject, members.add(replica));
      this.emit({ kind: "subscribed", replica, subject, handler });
    }
    this.sayCall(id, "subscribe", outcome);
  }

  protected override publishCall(step: PublishStep): Extract<Call, { do: "publish" }> {
    const { id, again, count, bytes, key, subject = this.one.scenario.options.subject } = step;
    const first = this.#firstOf.get(again ?? "") ?? this.nextMessage;
    if (again === undefined) this.nextMessage += count;
    this.#firstOf.set(id, first);
    this.#checkClocks(id, idsOf(step));
    this.#sentAtMs.set(id, performance.now());
    return {
      do: "publish",
      subject,
      first,
      count,
      bytes,
      ...(key === undefined ? {} : { key }),
      ...(step.async === true ? { async: true } : {}),
    };
  }

  protected override sayPublished(step: PublishStep, first: number, reply: PublishReply, before: View): void {
    const subject = step.subject ?? this.one.scenario.options.subject;
    const durable = isDurable(before, step);
    if (!durable) this.#core.push({ first, count: step.count });
    else this.#remembered(subject, idsOf(step), reply, this.#sentAtMs.get(step.id) ?? 0);
    const { via, frameBytes } = viaOf(this.#policy, this.one.profile, step, subject, durable, first);
    const again = step.again === undefined ? {} : { again: true as const };
    this.sayOutcomes(reply, first, { step: step.id, frameBytes, ...saysVia(via), ...again });
  }

  #remembered(subject: string, ids: string, { outcomes }: PublishReply, sentAtMs: number): void {
    const windowMs = streamOf(this.#policy, subject)?.duplicateWindowMs;
    if (windowMs === undefined) return;
    const window: Timer = {
      what: "window",
      atMs: this.#nowMs + windowMs,
      realMs: performance.now() + windowMs,
      earliestMs: sentAtMs + windowMs,
    };
    // What was sent and not answered for may yet be sent again by its client.
    if (outcomes.some(one => one.outcome.is === "unsettled")) this.#timers.push({ ...window, ids: kept });
    if (!this.#repeated.has(ids) || outcomes.every(one => one.outcome.is === "rejected")) return;
    this.#timers.push({ ...window, ids });
  }

  protected override seen(runs: readonly Run[]): readonly Run[] {
    const isCore = (message: number): boolean =>
      this.#core.some(run => message >= run.first && message < run.first + run.count);
    return runs.flatMap(run =>
      Array.from({ length: run.count }, (_, i) => run.first + i)
        .filter(isCore)
        .map(first => ({ first, count: 1 })),
    );
  }

  // ---- Faults ----

  protected override async fault(planned: ScenarioStep, fault: Fault): Promise<void> {
    await super.fault(planned, fault);
    // That the client has closed is awaited with the fault.
    const exits = planned.life.filter(one => one.what === "exited");
    await this.#live(exits, planned.step.id, planned.before.door);
  }

  protected override async faultService(step: StepId, fault: Fault, before: View): Promise<void> {
    const { server, link } = this.parts;
    switch (fault.kind) {
      case "lose-ack":
        await link.loseNextDownstream();
        this.mustShow(step, "lose-downstream");
        this.unproven.push({ step, fault: fault.kind });
        return;
      case "no-jetstream":
        await server.restart({ jetStream: false });
        await this.serverBack();
        this.serverChanged = true;
        this.mustBe(step, fault.kind, !(await server.state()).hasJetStream);
        return this.proven(step, fault.kind, "the server says that it has none");
      case "refuse-credentials":
        await server.restart({ authorization: { user: "faultline", password: "of-another-case" } });
        this.serverChanged = true;
        this.mustBe(step, fault.kind, (await server.state()).requiresCredentials);
        return this.proven(step, fault.kind, "the server says that it wants them");
      case "silent-handshake":
        await link.cut();
        await this.openLink(step, { silentHandshake: true });
        return this.proven(step, fault.kind, "the proxy lists it");
      default:
        return super.faultService(step, fault, before);
    }
  }

  /** The acknowledgement was cut off, and the connection with it. */
  protected override async publish(step: PublishStep, before: View): Promise<void> {
    if (before.hindrance !== "lose-ack" || !isDurable(before, step)) return super.publish(step, before);
    const published = super.publish(step, before);
    await this.awaitSaid(before.limitStep, "disconnected", this.faultMark, noticeBoundMs);
    await this.parts.link.cut();
    await published;
  }

  protected override async heal(step: StepId, awaits: HealAwait, before: View): Promise<void> {
    const { server, link } = this.parts;
    if (before.hindrance === "lose-ack" && link.isOpen) {
      await this.mustStillShow(step, "lose-downstream");
      await link.release("lose-downstream");
    }
    if (before.door === "shut" && before.jetStream) {
      await super.heal(step, awaits, before);
      this.#checkClocks(step, kept);
      return;
    }
    this.faultMark = before.started ? this.bus.mark() : 0;
    if (before.door === "silent") {
      await this.mustStillShow(step, "silent-handshake");
      await link.cut();
      await this.openLink(step);
    } else {
      const { hasJetStream, requiresCredentials } = await server.state();
      this.mustBe(step, "no-jetstream", hasJetStream === before.jetStream);
      this.mustBe(step, "refuse-credentials", requiresCredentials === (before.door === "refuses"));
      await server.restart();
      await this.serverBack();
      if (!before.jetStream) await this.#operate();
    }
    if (before.started && before.ended !== "closed") await this.awaitBack(step, before);
    await this.joinOverlapped();
    this.sayEvents();
    this.#checkClocks(step, kept);
  }

  protected override async awaitBack(step: StepId, before: View): Promise<void> {
    if (before.process === "waiting") await this.#awaitSaidFirst(step, "connected");
    else await super.awaitBack(step, before);
  }

  // ---- Time ----

  /** The scenario's time goes on; what is due on the real clocks by then is waited for. */
  async #pass({ life, after }: Pick<ScenarioStep, "life" | "after">, step: StepId): Promise<void> {
    const untilMs = after.nowMs;
    await this.#redeliver(after, untilMs, step);
    const due = this.#timers.filter(
      ({ what, atMs }) => (what === "window" || what === "first pass") && atMs <= untilMs,
    );
    await untilReal(Math.max(0, ...due.map(timer => timer.realMs)));
    await this.#live(life, step, after.door);
    this.#nowMs = untilMs;
    this.#timers = this.#timers.filter(timer => timer.what === "ack wait" || timer.atMs > untilMs);
    this.emit({ kind: "advanced", step, atMs: untilMs });
  }

  /** What waits for its acknowledgement is given again, one ack wait after the other, as long as anybody is there to be given it. */
  async #redeliver(view: View, untilMs: number, step: StepId): Promise<void> {
    const met = new Set<Timer>();
    for (;;) {
      const [next] = this.#timers
        .filter(timer => timer.what === "ack wait" && timer.atMs <= untilMs && !met.has(timer))
        .sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) return;
      met.add(next);
      await untilReal(next.realMs);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.emit({ kind: "advanced", step, atMs: this.#nowMs });
      await this.#awaitHandled(view, step);
    }
  }

  #dropTimers(...what: readonly Timer["what"][]): void {
    this.#timers = this.#timers.filter(timer => !what.includes(timer.what));
  }

  /** The real clocks came to something before the scenario's time did: what they did then proves nothing. */
  #checkClocks(step: StepId, ids?: string): void {
    const now = performance.now();
    const early = this.#timers.find(
      timer =>
        timer.atMs > this.#nowMs &&
        (timer.earliestMs ?? timer.realMs) <= now &&
        (timer.what !== "window" || timer.ids === ids),
    );
    if (early !== undefined) this.#sayRanAhead(step, early);
  }

  #sayRanAhead(step: StepId, early: Timer): never {
    this.giveUp(step, `${early.what}s to run by the scenario's time and not ahead of it`);
  }

  // ---- What is seen ----

  protected override async lookAround({ step, after, overlapping }: ScenarioStep): Promise<void> {
    if (overlapping) return;
    await this.#lookAround(after, step.id);
  }

  async #lookAround(view: View, step: StepId): Promise<void> {
    const first = this.#running.get(0);
    if (first !== undefined && this.#isOpened(view)) await this.#awaitOpened(first, step);
    if (first !== undefined && this.#isPathDecided(view)) await this.#awaitPath(first, step);
    await this.#awaitHandled(view, step);
    await this.#tellProbe(view);
    this.#checkClocks(step);
  }

  /** The call to connect returns in a moment of its own; what is published before it has is refused. */
  #isOpened(view: View): boolean {
    const { retry } = this.one.profile.firstConnect;
    return retry === "background" && view.process === "waiting" && !connectPends(view, this.one.profile);
  }

  async #awaitOpened(running: Running, step: StepId): Promise<void> {
    const isSaid = await running.process.client.waitFor(isOpened, 0, noticeBoundMs);
    if (!isSaid) this.emit({ kind: "not-awaited", step, what: "the call to connect to return" });
  }

  #isPathDecided(view: View): boolean {
    // A client that has closed without ever having been connected has asked for nothing.
    if (view.ended === "closed") return false;
    const { jetStreamProbe } = this.#policy.startup;
    if (jetStreamProbe === "once")
      return view.process === "running" || (view.path === "core" && !connectPends(view, this.one.profile));
    if (jetStreamProbe === "none") return view.process === "running";
    return isCalm(view) && view.process === "running" && view.client === "connected";
  }

  /** Until the bus has said which way it publishes what is durable. Where its streams cannot be had it says nothing. */
  async #awaitPath(running: Running, step: StepId): Promise<void> {
    if (running.path !== undefined) return;
    const { client } = running.process;
    const made = (stream: StreamPolicy): boolean => stream.made === "created";
    if (this.#policy.startup.jetStreamProbe === "until-usable" && !(await this.#hasStreams(made))) return;
    const isSaid = await client.waitFor(event => event.event === "path", 0, pathBoundMs);
    this.#read(running);
    if (!isSaid) this.emit({ kind: "not-awaited", step, what: `replica ${running.replica} to say how it publishes` });
  }

  /** Whether the server has every stream of the policy, but for those that it may lack. */
  async #hasStreams(mayLack: (stream: StreamPolicy) => boolean): Promise<boolean> {
    const there = await (await this.#open()).names();
    return this.#policy.streams.every(stream => mayLack(stream) || there.includes(stream.name));
  }

  protected override sayServiceEvent(): void {
    const running = this.#running.get(0);
    if (running !== undefined) this.#read(running);
  }

  protected override isHeard(change: ConnectionChange): boolean {
    const running = this.#running.get(0);
    if (running === undefined || running.leaving) return false;
    // What a client says at the end of its process is heard only where the process ends by it.
    if (running.ending !== undefined) return change === "closed" && running.ending.because === "client-closed";
    return change !== "disconnected" || this.bus.eventsSince(0).some(isConnected);
  }

  /** What a process has said since the last look, but for its connection. */
  #read(running: Running): void {
    const { client } = running.process;
    const events = client.eventsSince(running.eventsSeen);
    running.eventsSeen += events.length;
    for (const event of events) {
      if (event.event === "path") running.path = event.path;
      if (event.event === "ending") running.ending = event;
      if (event.event === "handled" && !this.#deaf) this.#sayHandled(running.replica, event);
    }
  }

  #sayHandled(replica: number, event: Extract<BusEvent, { event: "handled" }>): void {
    const { subject, message, delivery, outcome } = event;
    const consumed = this.#consumedOf(subject);
    consumed.handled++;
    const before = consumed.open.get(message);
    if (before !== undefined) {
      if (before.timer.atMs > this.#nowMs) this.#sayRanAhead(settleId, before.timer);
      this.#timers = this.#timers.filter(timer => timer !== before.timer);
    }
    consumed.open.delete(message);
    if (outcome === "failed" || outcome === "hung") {
      const { ackWaitMs } = this.#policy.consume;
      const timer: Timer = { what: "ack wait", atMs: this.#nowMs + ackWaitMs, realMs: performance.now() + ackWaitMs };
      this.#timers.push(timer);
      consumed.open.set(message, { delivery, timer });
    }
    this.emit({ kind: "handled", replica, subject, delivery, outcome, first: message, count: 1 });
  }

  #consumedOf(subject: string): Consumed {
    const consumed = this.#consumed.get(subject) ?? { handled: 0, open: new Map() };
    this.#consumed.set(subject, consumed);
    return consumed;
  }

  /** Until what the server can give out now has been given, handled, and the server told so. */
  async #awaitHandled(view: View, step: StepId): Promise<void> {
    const until = performance.now() + handledBoundMs;
    for (;;) {
      for (const running of this.#running.values()) this.#read(running);
      const waiting = await this.#notHandled(view);
      if (waiting === undefined) return;
      if (performance.now() > until) this.giveUp(step, waiting);
      await wait(pollEveryMs);
    }
  }

  async #notHandled(view: View): Promise<string | undefined> {
    const { deliverMax } = this.#policy.consume;
    for (const [subject, members] of this.#members) {
      const here = [...members].filter(replica => this.#isReached(replica, view));
      if (here.length === 0) continue;
      const consumer = await (await this.#open()).consumer(subject);
      if (consumer === undefined) continue;
      const { handled, open } = this.#consumedOf(subject);
      if (consumer.numPending > 0 || consumer.delivered > handled) return `${subject} to be handled`;
      const isCertain = isCalm(view) || !members.has(0);
      const given = [...open.values()].filter(({ delivery }) => deliverMax < 0 || delivery < deliverMax);
      if (isCertain && consumer.numAckPending > open.size) return `${subject} to be acknowledged`;
      if (given.some(({ timer }) => timer.atMs <= this.#nowMs)) return `${subject} to be delivered again`;
    }
    return undefined;
  }

  #isReached(replica: number, view: View): boolean {
    const isServed = view.serverUp && view.jetStream && view.hindrance !== "pause";
    const isFirstThere = view.link === "up" && view.client === "connected" && view.ended !== "closed";
    return isServed && (replica > 0 || isFirstThere);
  }

  /** Asked where what the client knows of its connection is no question of time. */
  async #tellProbe(view: View): Promise<void> {
    const running = this.#running.get(0);
    if (running === undefined || !isProbed(view)) return;
    const { client } = running.process;
    const { ready, live } = await client.call({ do: "probe" }, callBoundMs);
    const last = client.eventsSince(0).findLast(event => event.event === "connection");
    const connected = last?.change === "connected" || last?.change === "reconnected";
    const asksStreams = connected && running.path !== "core" && view.jetStream && view.serverUp;
    const durable = asksStreams && (await this.#hasStreams(() => false));
    const said = `${ready}/${live}/${connected}/${durable}`;
    if (said === this.#probe) return;
    this.#probe = said;
    this.emit({ kind: "probe", replica: 0, ready, live, connected, durable, atMs: this.#nowMs });
  }

  // ---- The end ----

  protected override mayFlush(view: View): boolean {
    return super.mayFlush(view) && this.#running.has(0);
  }

  /** What had failed by the last step has been started again since. */
  protected override connectionsAtEnd(view: View): number {
    return this.#running.has(0) && view.ended !== "closed" ? 1 : 0;
  }

  protected override async settleService({ step: { id }, healed, passes }: SettleStep): Promise<void> {
    // Nothing is published any more that a window could swallow.
    this.#dropTimers("window");
    await this.#lookAround(healed, id);
    for (const pass of passes) {
      await this.#pass(pass, id);
      await this.#lookAround(pass.after, id);
    }
    this.#deaf = true;
  }

  protected override async sayHeld(): Promise<void> {
    const streams = await this.#open();
    const there = await streams.names();
    for (const stream of this.#policy.streams) {
      const { name } = stream;
      const held = there.includes(name) ? await streams.held(name) : undefined;
      const { runs = [], foreign = 0 } = held ?? {};
      for (const { first, count } of runs) this.emit({ kind: "holds", stream: name, first, count });
      if (foreign > 0) this.emit({ kind: "foreign", count: foreign });
      for (const discards of discardsOf(this.#policy, stream, this.#told, held)) this.emit(discards);
    }
  }

  protected override isObservedWhole(): boolean {
    return unobservedSubjects(this.one, this.#policy).length === 0;
  }
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof BusEnded)) throw error;
}

/** Where that moment is still to come; a little beyond it, for the server's own timers. */
async function untilReal(realMs: number): Promise<void> {
  const leftMs = realMs - performance.now();
  if (leftMs > 0) await wait(Math.ceil(leftMs) + clockSlackMs);
}

const isOpened = (event: BusEvent): boolean => event.event === "opened" || isConnected(event);
const isConnected = (event: BusEvent): boolean => event.event === "connection" && event.change === "connected";

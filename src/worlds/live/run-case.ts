/**
 * One case on the real parts. The recipe (docs/facts.md, "barriers") makes what can be exact exact:
 *
 * 1. An observer beside the proxy is subscribed, and flushed, before the bus starts.
 * 2. A fault is put in force by a call that returns when it is: DELETE of the proxy, a toxic listed, a process gone.
 * 3. What the client has noticed is its own event, looked for from a mark taken before the fault; never a sleep.
 * 4. Before a link opens again the server has let go of the connection before it, so no byte of that one comes late.
 *    Nor is a dial under way then that began before (dials.ts).
 * 5. Settled: the bus's flush, then the observer's. What is not there then has not arrived.
 *
 * It does what `plan` says and emits what it sees; it never judges. A wait that is not met becomes an event.
 */
import { setTimeout as wait } from "node:timers/promises";
import { callsMade, type PlannedStep, plan, settleId, type View } from "../../../models/plan.ts";
import type { CallOutcome, ConnectionChange, Emit } from "../../../models/vocabulary/event.ts";
import { frameBytes } from "../../../models/vocabulary/frame.ts";
import type { CallStep, ExitStep, Fault, HealAwait, PublishStep, StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusClient } from "../../bus-protocol/bus-client.ts";
import type { BusEvent, Call, CallReply, PublishReply } from "../../bus-protocol/protocol.ts";
import type { Case } from "../../world.ts";
import { dialsUnderWay } from "./dials.ts";
import type { NatsServer } from "./nats-server.ts";
import type { Observer } from "./observer.ts";
import type { Link } from "./toxiproxy.ts";

/** The parts that a case runs on; they outlive it. */
export interface Parts {
  readonly server: NatsServer;
  readonly link: Link;
  readonly bus: BusClient;
  readonly openObserver: (subject: string) => Promise<Observer>;
}

const noticeBoundMs = 10_000;
const giveUpBoundMs = 30_000;
const callBoundMs = 30_000;
const endCallTimeoutMs = 10_000;
const settleFlushTimeoutMs = 10_000;
const connectTimeoutMs = 600;
const pollBoundMs = 10_000;
const closedBoundMs = 5_000;
const pollEveryMs = 1;

/** Runs a case; `number` is unique among those of one server. */
export async function runLiveCase(one: Case, number: number, parts: Parts, emit: Emit): Promise<void> {
  const subject = uniqueSubject(number, one.scenario.options.subject.length);
  const observer = await parts.openObserver(subject);
  const run = new LiveCase(one, number, subject, parts, observer, emit);
  try {
    await run.all();
  } finally {
    await run.cleanUp();
  }
}

const isClosed = (event: BusEvent): boolean => event.event === "connection" && event.change === "closed";

/** Of the same length, since sizes are protocol bytes. */
const uniqueSubject = (number: number, length: number): string => `f${number.toString(36).padStart(length - 1, "0")}`;

class LiveCase {
  readonly #one: Case;
  readonly #number: number;
  readonly #subject: string;
  readonly #parts: Parts;
  readonly #observer: Observer;
  readonly #emit: Emit;
  /** The connection's name at the server. */
  readonly #name: string;
  #nextMessage = 0;
  readonly #caseMark: number;
  #eventsSeen: number;
  #arrivalsSeen = 0;
  #foreignSeen = 0;
  /** Taken before the fault in force, so that the client's word on it is not missed. */
  #faultMark = 0;
  /** Faults whose effect is yet to be shown by the client's disconnect event. */
  #unproven: { step: StepId; fault: Fault["kind"] }[] = [];
  #overlapped: Promise<void> | undefined;
  #serverDown = false;
  #paused = false;
  #pausedCid: number | undefined;
  /** A close that raised an error has said all that it had to say. */
  #closeFailed = false;

  constructor(one: Case, number: number, subject: string, parts: Parts, observer: Observer, emit: Emit) {
    this.#one = one;
    this.#number = number;
    this.#name = `faultline-${number}`;
    this.#subject = subject;
    this.#parts = parts;
    this.#observer = observer;
    this.#emit = emit;
    this.#caseMark = parts.bus.mark();
    this.#eventsSeen = this.#caseMark;
  }

  async all(): Promise<void> {
    const { scenario, profile } = this.#one;
    const { steps, end } = plan(scenario, profile);
    this.#emit({ kind: "phase", phase: "disturbed" });
    await this.#openLink();
    for (const planned of steps) {
      if (planned.skipped !== undefined) {
        const { id, kind } = planned.step;
        this.#emit({ kind: "skipped", step: id, what: kind, reason: planned.skipped });
        continue;
      }
      this.#emit({ kind: "step", step: planned.step.id, phase: "began" });
      await this.#perform(planned);
      this.#emit({ kind: "step", step: planned.step.id, phase: "ended" });
    }
    await this.#settle(end);
  }

  /** Leaves the parts as the next case needs them: no connection, no proxy, a server that runs. */
  async cleanUp(): Promise<void> {
    const { server, link, bus } = this.#parts;
    if (this.#paused) server.resume();
    if (this.#serverDown) await server.restart();
    if (link.isOpen) await link.cut();
    await bus.call({ do: "end" }, callBoundMs).catch(() => {});
    bus.forgetEvents();
    await this.#observer.close();
  }

  // ---- Steps ----

  async #perform(planned: PlannedStep): Promise<void> {
    const { step, before, after } = planned;
    switch (step.kind) {
      case "start":
        return this.#start(step.id);
      case "publish":
        if (planned.overlapping) {
          this.#overlapped = this.#publish(step);
          // Awaited only after the next step: until then its failure must not end the harness.
          this.#overlapped.catch(() => {});
        } else await this.#publishAlone(step, before, after);
        return;
      case "flush":
      case "drain":
      case "close":
        return this.#callAlone(step);
      case "together":
        return this.#together(callsMade(step.steps));
      case "exit":
      case "subscribe":
      case "signal":
      case "advance":
        throw new Error(notYetLive(step.kind));
      case "fault":
        return this.#fault(step.id, step.fault, before);
      case "await-noticed":
        return this.#awaitNoticed(step.id, before);
      case "heal":
        await this.#heal(step.id, step.awaits, before);
        if (step.awaits !== "handshake") this.#emit({ kind: "healed", step: step.id });
        return;
    }
  }

  async #start(step: StepId): Promise<void> {
    const { reconnectBufferBytesMax, reconnectWaitMs, reconnectAttemptsMax, pingIntervalMs, pingsOutMax } =
      this.#one.scenario.options;
    const { bus, link } = this.#parts;
    const { outcome } = await bus.call(
      {
        do: "start",
        case: this.#number,
        url: `nats://127.0.0.1:${link.port}`,
        name: this.#name,
        options: {
          reconnectWaitMs,
          reconnectAttemptsMax,
          connectTimeoutMs,
          ...(reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax }),
          ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
          ...(pingsOutMax === undefined ? {} : { pingsOutMax }),
        },
      },
      callBoundMs,
    );
    this.#sayEvents();
    this.#sayCall(step, "start", outcome);
  }

  /** Numbers are given out when the command is sent, as in the model. */
  #publishCall(step: PublishStep): Extract<Call, { do: "publish" }> {
    const first = this.#nextMessage;
    this.#nextMessage += step.count;
    return { do: "publish", subject: this.#subject, first, count: step.count, bytes: step.bytes };
  }

  async #publish(step: PublishStep): Promise<void> {
    const command = this.#publishCall(step);
    const { bus } = this.#parts;
    const reply = await bus.call(command, callBoundMs);
    this.#sayEvents(bus.markAt(reply));
    this.#sayPublished(step, command.first, reply);
  }

  async #publishAlone(step: PublishStep, before: View, after: View): Promise<void> {
    await this.#publish(step);
    const silent = before.hindrance === "blackhole" || before.hindrance === "pause";
    if (silent && before.client === "connected" && this.#saidSince(this.#faultMark, "disconnected")) {
      this.#emit({
        kind: "not-awaited",
        step: step.id,
        what: "publishes to be made before the client noticed the silence",
      });
    }
    if (before.hindrance === "limit" && after.link === "down" && before.ended === "no")
      await this.#limitReached(before.limitStep);
  }

  /** The limit has ended the connection once the server has let go of it: what got through is final. */
  async #limitReached(fault: StepId): Promise<void> {
    await this.#awaitOpen(fault, open => open.every(one => one.name !== this.#name));
    await this.#parts.link.cut();
    await this.#awaitSaid(fault, "disconnected", this.#faultMark, noticeBoundMs);
  }

  async #callAlone(step: Exclude<CallStep, PublishStep | ExitStep>): Promise<void> {
    const { bus } = this.#parts;
    const timeoutMs = step.kind === "flush" ? step.timeoutMs : endCallTimeoutMs;
    const reply = await bus.call({ do: step.kind, timeoutMs }, timeoutMs + callBoundMs);
    this.#sayEvents(bus.markAt(reply));
    await this.#said(step, reply.outcome);
  }

  async #said(step: Exclude<CallStep, PublishStep | ExitStep>, outcome: CallOutcome): Promise<void> {
    // What the server has taken in must reach the observer before anything is done to the server.
    if (step.kind === "flush" && outcome.is === "ok") await this.#observe();
    if (step.kind === "close" && outcome.is === "failed") this.#closeFailed = true;
    this.#sayCall(step.id, step.kind, outcome);
  }

  async #together(calls: readonly CallStep[]): Promise<void> {
    const commands = calls.map((call): Call => {
      if (call.kind === "exit") throw new Error(notYetLive(call.kind));
      if (call.kind === "publish") return this.#publishCall(call);
      return { do: call.kind, timeoutMs: call.kind === "flush" ? call.timeoutMs : endCallTimeoutMs };
    });
    const { bus } = this.#parts;
    const all = await bus.call({ do: "together", calls: commands }, callBoundMs * 2);
    this.#sayEvents(bus.markAt(all));
    for (const [i, call] of calls.entries()) {
      const reply = all.replies[i] as CallReply | PublishReply;
      const command = commands[i] as Call;
      if (call.kind === "publish" && command.do === "publish" && "outcomes" in reply)
        this.#sayPublished(call, command.first, reply);
      else if (call.kind !== "publish" && call.kind !== "exit" && "outcome" in reply)
        await this.#said(call, reply.outcome);
    }
  }

  // ---- Faults ----

  async #fault(step: StepId, fault: Fault, before: View): Promise<void> {
    const { server, link, bus } = this.#parts;
    this.#faultMark = bus.mark();
    this.#emit({ kind: "fault", step, fault: fault.kind, phase: "installed" });
    const ends = fault.kind === "cut" || fault.kind === "stop-server" || fault.kind === "limit";
    if (ends && before.ended === "no") this.#unproven.push({ step, fault: fault.kind });
    switch (fault.kind) {
      case "hold":
        await link.hold();
        return this.#provenByToxic(step, "hold");
      case "blackhole":
        await link.blackhole();
        return this.#provenByToxic(step, "blackhole");
      case "limit":
        // A dial right after the limit would find a fresh one: it gets no INFO, and so nothing done, until the proxy is gone.
        await link.holdDownstream();
        return link.limit(fault.bytes);
      case "pause-server":
        this.#pausedCid = (await server.connectionsOpen()).find(one => one.name === this.#name)?.cid;
        await server.pause();
        this.#paused = true;
        return this.#proven(step, fault.kind, "every thread of the server stands still");
      case "stop-server":
        await server.stop(fault.signal);
        this.#serverDown = true;
        break;
      case "cut":
        await link.cut();
        break;
      default:
        throw new Error(notYetLive(fault.kind));
    }
    if (before.ended !== "no") this.#proven(step, fault.kind, "the proxy is gone");
    if (fault.awaits !== "none" && before.ended === "no") {
      await this.#awaitSaid(step, "disconnected", this.#faultMark, noticeBoundMs);
      if (fault.awaits === "gave-up") await this.#awaitSaid(step, "closed", this.#faultMark, giveUpBoundMs);
    }
    // A dial that met a proxy without a server behind it would be one more event; none is wanted.
    if (fault.kind === "stop-server") await link.cut();
    await this.#joinOverlapped();
  }

  async #provenByToxic(step: StepId, name: "hold" | "blackhole"): Promise<void> {
    const listed = await this.#parts.link.toxics();
    if (listed.some(toxic => toxic.name === name)) this.#proven(step, name, "the proxy lists it");
  }

  #proven(step: StepId, fault: Fault["kind"], proof: string): void {
    this.#emit({ kind: "fault", step, fault, phase: "took-effect", proof });
  }

  async #awaitNoticed(step: StepId, before: View): Promise<void> {
    const { pingIntervalMs = 0, pingsOutMax = 2 } = this.#one.scenario.options;
    this.#sayEvents();
    this.#emit({ kind: "awaits-notice", step });
    const dueMs = 3 * pingIntervalMs * (pingsOutMax + 1);
    await this.#awaitSaid(step, "disconnected", this.#faultMark, Math.max(noticeBoundMs, dueMs));
    if (before.hindrance === "blackhole") await this.#parts.link.cut();
    this.#sayEvents();
  }

  async #heal(step: StepId, awaits: HealAwait, before: View): Promise<void> {
    const { server, link, bus } = this.#parts;
    const connectionLives = before.link === "up" && before.client === "connected" && before.hindrance !== "blackhole";
    if (before.hindrance === "pause") {
      server.resume();
      this.#paused = false;
      // The server reads what the kernel kept for it, and lets go of the connection that the client has closed.
      if (!connectionLives) await this.#awaitOpen(step, open => open.every(one => one.cid !== this.#pausedCid));
    } else if (before.hindrance === "limit") {
      await link.release("limit");
      await link.release("hold-downstream");
    } else if (before.hindrance === "hold") {
      if (link.isOpen) await link.release(before.hindrance);
    } else if (before.hindrance === "blackhole") {
      this.#faultMark = bus.mark();
      await link.cut();
      await this.#openLinkAgain(step, false);
    } else if (before.link === "handshake") {
      await link.release("hold-downstream");
    } else if (before.link === "down") {
      await this.#openLinkAgain(step, awaits === "handshake");
    }
    const lives = before.ended !== "closed";
    if (awaits === "handshake") await this.#awaitOpen(step, open => open.some(one => one.name === undefined));
    if (awaits === "connected" && lives && !connectionLives) await this.#awaitBack(step);
    await this.#joinOverlapped();
    this.#sayEvents();
  }

  async #openLink(heldDownstream = false): Promise<void> {
    await this.#parts.link.open({ closesWith: this.#one.scenario.options.cutsWith, heldDownstream });
  }

  async #openLinkAgain(step: StepId, heldDownstream: boolean): Promise<void> {
    if (this.#serverDown) {
      await this.#parts.server.restart();
      this.#serverDown = false;
      await this.#observer.reopen();
    } else await this.#awaitOpen(step, open => open.every(one => one.name !== this.#name));
    await this.#awaitNoDial(step);
    await this.#openLink(heldDownstream);
  }

  /** A dial that began while the link was down must have failed before it comes back; what is published is wiped by the next. */
  async #awaitNoDial(step: StepId): Promise<void> {
    const until = performance.now() + pollBoundMs;
    while (dialsUnderWay(this.#parts.link.port)) {
      if (performance.now() > until) {
        this.#emit({ kind: "not-awaited", step, what: "a dial to fail" });
        return;
      }
      await wait(pollEveryMs);
    }
  }

  /** Down, then up: after an un-awaited cut the client's last word may still be from before it. */
  async #awaitBack(step: StepId): Promise<void> {
    let wasDown = false;
    const back = (event: BusEvent): boolean => {
      if (event.event !== "connection") return false;
      if (event.change === "disconnected") wasDown = true;
      return wasDown && event.change === "reconnected";
    };
    const met = await this.#parts.bus.waitFor(back, this.#faultMark, noticeBoundMs);
    if (!met) this.#emit({ kind: "not-awaited", step, what: "the client to reconnect" });
    this.#sayEvents();
  }

  async #joinOverlapped(): Promise<void> {
    const overlapped = this.#overlapped;
    this.#overlapped = undefined;
    await overlapped;
  }

  // ---- The end ----

  async #settle(view: View): Promise<void> {
    if (!view.started) return this.#observed(true);
    if (view.link !== "up" || view.hindrance !== "none" || view.client !== "connected") {
      this.#emit({ kind: "phase", phase: "healed" });
      await this.#heal(settleId, "connected", view);
      this.#emit({ kind: "healed", step: settleId });
    }
    if (view.ended === "no") {
      const { outcome } = await this.#parts.bus.call({ do: "flush", timeoutMs: settleFlushTimeoutMs }, callBoundMs);
      if (outcome.is !== "ok")
        this.#emit({ kind: "not-awaited", step: settleId, what: `the last flush, which ended in ${outcome.kind}` });
    }
    // nats.go says so from a goroutine of its own, maybe after the call that closed it has returned.
    if (view.ended === "closed" && !this.#closeFailed)
      await this.#parts.bus.waitFor(isClosed, this.#caseMark, closedBoundMs);
    const connectionsLeft = view.ended === "closed" ? 0 : 1;
    await this.#awaitOpen(settleId, open => open.filter(one => one.name === this.#name).length <= connectionsLeft);
    this.#sayEvents();
    const complete = await this.#observe();
    this.#emit({ kind: "phase", phase: "settled" });
    this.#observed(complete);
  }

  #observed(complete: boolean): void {
    this.#emit({ kind: "observed", complete, ...(complete ? {} : { why: "the observer lost its connection" }) });
  }

  // ---- What is seen ----

  /** All that the server has passed on is in the trace when this returns true. */
  async #observe(): Promise<boolean> {
    const complete = await this.#observer.flush().then(
      () => true,
      () => false,
    );
    const { runs, foreign } = this.#observer.arrived();
    let skip = this.#arrivalsSeen;
    for (const run of runs) {
      const seen = Math.min(skip, run.count);
      skip -= seen;
      if (seen < run.count) this.#emit({ kind: "delivered", first: run.first + seen, count: run.count - seen });
    }
    this.#arrivalsSeen = runs.reduce((sum, run) => sum + run.count, 0);
    if (foreign > this.#foreignSeen) this.#emit({ kind: "foreign", count: foreign - this.#foreignSeen });
    this.#foreignSeen = foreign;
    return complete;
  }

  /** The client's own events since the last look; a disconnect proves the faults that were to end the connection. */
  #sayEvents(upTo: number = this.#parts.bus.mark()): void {
    const { bus } = this.#parts;
    const seen = Math.min(upTo, bus.mark());
    for (const event of bus.eventsSince(this.#eventsSeen).slice(0, Math.max(0, seen - this.#eventsSeen))) {
      if (event.event !== "connection") continue;
      this.#emit({ kind: "connection", change: event.change });
      if (event.change !== "disconnected") continue;
      for (const { step, fault } of this.#unproven.splice(0))
        this.#proven(step, fault, "the client's disconnect event");
    }
    this.#eventsSeen = Math.max(this.#eventsSeen, seen);
  }

  #sayCall(step: StepId, call: "start" | "flush" | "drain" | "close", outcome: CallOutcome): void {
    this.#emit({
      kind: "called",
      step,
      call,
      outcome: outcome.is === "ok" ? { is: "ok" } : { is: "failed", kind: outcome.kind },
    });
  }

  #sayPublished(step: PublishStep, first: number, reply: PublishReply): void {
    const bytes = frameBytes(this.#subject, step.bytes, this.#one.profile);
    let next = first;
    for (const { count, outcome } of reply.outcomes) {
      // The client's wording is shown where it is, and never compared.
      const { text: _text, ...told } = outcome;
      this.#emit({ kind: "published", step: step.id, first: next, count, frameBytes: bytes, outcome: told });
      next += count;
    }
  }

  #saidSince(mark: number, change: ConnectionChange): boolean {
    return this.#parts.bus.eventsSince(mark).some(event => event.event === "connection" && event.change === change);
  }

  async #awaitSaid(step: StepId, change: ConnectionChange, mark: number, boundMs: number): Promise<void> {
    const met = await this.#parts.bus.waitFor(
      event => event.event === "connection" && event.change === change,
      mark,
      boundMs,
    );
    this.#sayEvents();
    if (!met) this.#emit({ kind: "not-awaited", step, what: `the client to say that it is ${change}` });
  }

  /** Polls the server until its open connections are as asked. */
  async #awaitOpen(
    step: StepId,
    holds: (open: Awaited<ReturnType<NatsServer["connectionsOpen"]>>) => boolean,
  ): Promise<void> {
    const until = performance.now() + pollBoundMs;
    while (!holds(await this.#parts.server.connectionsOpen())) {
      if (performance.now() > until)
        return this.#emit({ kind: "not-awaited", step, what: "the server to let go of a connection" });
      await wait(pollEveryMs);
    }
  }
}

/** Such a case lacks a capability and is not run here. */
const notYetLive = (kind: string): string => `fault in faultline: the live world was given ${kind}, which it cannot do`;

/** The case of the bare client, by the recipe in run-case.ts. A wait that is not met becomes an event. */
import { setTimeout as wait } from "node:timers/promises";
import { callsMade, type ScenarioStep, type SettleStep, settleId, type View } from "../../../models/plan/plan.ts";
import type { CallOutcome, ConnectionChange, Emit, Event, Run } from "../../../models/vocabulary/event.ts";
import { frameBytes } from "../../../models/vocabulary/frame.ts";
import type { CallStep, Fault, HealAwait, PublishStep, Step, StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusClient } from "../../bus-protocol/bus-client.ts";
import { BusEnded, BusProtocolError } from "../../bus-protocol/errors.ts";
import type { BusEvent, Call, CallReply, PublishReply, StartCommand } from "../../bus-protocol/protocol.ts";
import type { Case } from "../../world.ts";
import type { BusProcess } from "./bus-process.ts";
import { isDoneWithin } from "./guard.ts";
import type { Memory } from "./memory.ts";
import type { NatsServer } from "./nats-server.ts";
import type { Observer } from "./observer.ts";
import type { Streams } from "./streams.ts";
import { type Link, type LinkOpening, LinkTaken, type ToxicName } from "./toxiproxy.ts";

/** The parts that cases run on, one after another; they outlive each. */
export interface Parts {
  readonly server: NatsServer;
  readonly link: Link;
  /** The process of the bus that serves every case which does not end its own. */
  readonly shared: BusProcess;
  /** Another process of the bus, the taker's to end. */
  readonly spawn: () => Promise<BusProcess>;
  readonly openObserver: (subjects: readonly string[]) => Promise<Observer>;
  readonly openStreams: () => Promise<Streams>;
}

/** What one case is given. */
export interface CaseParts {
  readonly one: Case;
  /** Unique among those of one server. */
  readonly number: number;
  readonly subject: string;
  readonly parts: Parts;
  readonly process: BusProcess;
  readonly observer: Observer;
  readonly emit: Emit;
  /** Told after every step what the process of replica 0 has of memory: it differs from run to run, and is no event. */
  readonly onMemory?: OnMemory | undefined;
}

export type OnMemory = (memory: Memory) => void;

type WaitingStep = Exclude<CallStep, PublishStep | { readonly kind: "exit" }>;

/** Of what is done before the first step. */
const startId: StepId = "start";
export const noticeBoundMs = 10_000;
const giveUpBoundMs = 30_000;
export const callBoundMs = 30_000;
const endCallTimeoutMs = 10_000;
const settleFlushTimeoutMs = 10_000;
const connectTimeoutMs = 600;
const pollBoundMs = 10_000;
const closedBoundMs = 5_000;
const pollEveryMs = 1;

/** The injector, or a real clock, did not do what it was told: what would be seen after it says nothing of the bus. */
class GivenUp extends Error {
  readonly step: StepId;

  constructor(step: StepId, what: string) {
    super(what);
    this.step = step;
  }
}

const isClosed = (event: BusEvent): boolean => event.event === "connection" && event.change === "closed";

export class LiveCase {
  protected readonly one: Case;
  protected readonly number: number;
  protected readonly subject: string;
  protected readonly parts: Parts;
  protected readonly observer: Observer;
  protected readonly emit: Emit;
  readonly #onMemory: OnMemory | undefined;
  #at: StepId = startId;
  /** The connection's name at the server. */
  protected readonly name: string;
  protected nextMessage = 0;
  protected caseMark: number;
  protected eventsSeen: number;
  protected arrivalsSeen = 0;
  protected foreignSeen = 0;
  /** Taken before the fault in force, so that the client's word on it is not missed. */
  protected faultMark = 0;
  protected faultAtMs = 0;
  /** When the link was opened with the handshake held. */
  protected handshakeAtMs = 0;
  /** Faults whose effect is yet to be shown by the client's disconnect event. */
  protected unproven: { step: StepId; fault: Fault["kind"] }[] = [];
  protected overlapped: Promise<void> | undefined;
  protected serverDown = false;
  /** It runs, and not as it does for every case. */
  protected serverChanged = false;
  protected storeLost = false;
  protected paused = false;
  protected pausedCid: number | undefined;
  /** A close that raised an error has said all that it had to say. */
  protected closeFailed = false;
  /** Of replica 0. */
  protected process: BusProcess;

  constructor({ one, number, subject, parts, process, observer, emit, onMemory }: CaseParts) {
    this.one = one;
    this.number = number;
    this.name = `faultline-${number}`;
    this.subject = subject;
    this.parts = parts;
    this.process = process;
    this.observer = observer;
    this.emit = emit;
    this.#onMemory = onMemory;
    this.caseMark = this.bus.mark();
    this.eventsSeen = this.caseMark;
  }

  protected get bus(): BusClient {
    return this.process.client;
  }

  async all(): Promise<void> {
    try {
      await this.#steps();
    } catch (error) {
      const { step, message } = this.#whyOver(error);
      this.emit({ kind: "not-awaited", step, what: message });
      this.emit({ kind: "observed", complete: false, why: "the case was given up there" });
    }
  }

  /** A process that was to run has ended: what it would have said is not known. @throws what else is wrong */
  #whyOver(error: unknown): GivenUp {
    if (error instanceof GivenUp) return error;
    // The look at a cut before its heal: where there is a link, whoever opened it, the proxy refuses another.
    if (error instanceof LinkTaken) return new GivenUp(this.#at, "the link to be closed until it is opened again");
    if (error instanceof BusEnded) return new GivenUp(this.#at, "its process, which has ended, to run");
    throw error;
  }

  async #steps(): Promise<void> {
    this.emit({ kind: "phase", phase: "disturbed" });
    await this.prepare();
    await this.openLink(startId);
    for (const planned of this.one.plan.steps) {
      if (planned.skipped !== undefined) {
        const { id, kind } = planned.step;
        this.emit({ kind: "skipped", step: id, what: kind, reason: planned.skipped.reason });
        continue;
      }
      this.#at = planned.step.id;
      if (planned.kind === "settle") {
        await this.settle(planned);
        break;
      }
      this.emit({ kind: "step", step: this.#at, phase: "began" });
      await this.perform(planned);
      await this.lookAround(planned);
      this.#tellMemory();
      this.emit({ kind: "step", step: planned.step.id, phase: "ended" });
    }
    this.#tellMemory();
  }

  #tellMemory(): void {
    const memory = this.#onMemory === undefined ? undefined : this.process.memory();
    if (memory !== undefined) this.#onMemory?.(memory);
  }

  /** What stands on the server before the bus does. */
  protected async prepare(): Promise<void> {}

  /** What is seen after every step. */
  protected async lookAround(_done: ScenarioStep): Promise<void> {}

  /** Leaves the parts as the next case needs them: no connection, no proxy, a server that runs. */
  async cleanUp(): Promise<void> {
    const { server, link } = this.parts;
    if (this.paused) await server.resume();
    if (this.serverDown || this.serverChanged) {
      await server.restart();
      await this.serverBack();
    }
    if (link.isOpen) await link.cut();
    await this.endProcesses();
    await this.observer.close();
  }

  protected async endProcesses(): Promise<void> {
    if (this.process !== this.parts.shared) {
      await this.process.end();
      return;
    }
    await this.bus.call({ do: "end" }, callBoundMs).catch(() => {});
    this.bus.forgetEvents();
  }

  // ---- Steps ----

  protected async perform(planned: ScenarioStep): Promise<void> {
    const { step, before, after } = planned;
    switch (step.kind) {
      case "start":
        return this.start(planned, step);
      case "publish":
        if (planned.overlapping) {
          this.overlapped = this.publish(step, before);
          // Awaited only after the next step: until then its failure must not end the harness.
          this.overlapped.catch(() => {});
        } else await this.publishAlone(step, before, after);
        return;
      case "flush":
      case "drain":
      case "close":
        return this.callAlone(step);
      case "exit":
        return this.together([step], before);
      case "together":
        return this.together(callsMade(step.steps), before);
      case "subscribe":
      case "signal":
      case "advance":
        return this.serve(planned, step);
      case "fault":
        return this.fault(planned, step.fault);
      case "await-noticed":
        return this.awaitNoticed(step.id, before);
      case "heal":
        await this.heal(step.id, step.awaits, before);
        if (step.awaits !== "handshake") this.emit({ kind: "healed", step: step.id });
        return;
    }
  }

  /** The steps that only a bus with a policy can be asked for. */
  protected async serve(_planned: ScenarioStep, step: Step): Promise<void> {
    throw new Error(`fault in faultline: ${step.kind} without a policy`);
  }

  protected async start(_planned: ScenarioStep, { id }: Extract<Step, { kind: "start" }>): Promise<void> {
    const { outcome } = await this.bus.call(this.startCommand(this.parts.link.port, this.name), callBoundMs);
    this.sayEvents();
    this.sayCall(id, "start", outcome);
  }

  protected startCommand(port: number, name: string): StartCommand {
    const { reconnectBufferBytesMax, reconnectWaitMs, reconnectAttemptsMax, pingIntervalMs, pingsOutMax } =
      this.one.scenario.options;
    return {
      do: "start",
      case: this.number,
      url: `nats://127.0.0.1:${port}`,
      name,
      options: {
        reconnectWaitMs,
        reconnectAttemptsMax,
        connectTimeoutMs,
        ...(reconnectBufferBytesMax === undefined ? {} : { reconnectBufferBytesMax }),
        ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
        ...(pingsOutMax === undefined ? {} : { pingsOutMax }),
      },
    };
  }

  /** Numbers are given out when the command is sent, as in the model. */
  protected publishCall(step: PublishStep): Extract<Call, { do: "publish" }> {
    const first = this.nextMessage;
    this.nextMessage += step.count;
    return { do: "publish", subject: this.subject, first, count: step.count, bytes: step.bytes };
  }

  protected async publish(step: PublishStep, before: View): Promise<void> {
    const command = this.publishCall(step);
    const reply = await this.bus.call(command, callBoundMs);
    this.sayEvents(this.bus.markAt(reply));
    this.sayPublished(step, command.first, reply, before);
  }

  protected async publishAlone(step: PublishStep, before: View, after: View): Promise<void> {
    await this.publish(step, before);
    const silent = before.hindrance === "blackhole" || before.hindrance === "pause";
    if (silent && before.client === "connected" && this.mayHaveNoticed()) {
      const what = "publishes to be made before the client noticed the silence";
      this.emit({ kind: "not-awaited", step: step.id, what });
    }
    if (before.hindrance === "limit" && after.link === "down" && before.ended === "no")
      await this.limitReached(before.limitStep);
  }

  /** It takes so many intervals at the least. What the client says of it comes later still, in nats-py from a task of its own. */
  private mayHaveNoticed(): boolean {
    const { pingIntervalMs = Number.POSITIVE_INFINITY, pingsOutMax = 2 } = this.one.scenario.options;
    const isLate = performance.now() - this.faultAtMs >= pingIntervalMs * pingsOutMax;
    return isLate || this.saidSince(this.faultMark, "disconnected");
  }

  /** The limit has ended the connection once the server has let go of it: what got through is final. */
  protected async limitReached(fault: StepId): Promise<void> {
    await this.awaitOpen(fault, open => open.every(one => one.name !== this.name));
    await this.parts.link.cut();
    await this.awaitSaid(fault, "disconnected", this.faultMark, noticeBoundMs);
  }

  protected async callAlone(step: WaitingStep): Promise<void> {
    const timeoutMs = step.kind === "flush" ? step.timeoutMs : endCallTimeoutMs;
    const reply = await this.bus.call({ do: step.kind, timeoutMs }, timeoutMs + callBoundMs);
    this.sayEvents(this.bus.markAt(reply));
    await this.said(step, reply.outcome);
  }

  protected async said(step: Exclude<CallStep, PublishStep>, outcome: CallOutcome): Promise<void> {
    // What the server has taken in must reach the observer before anything is done to the server.
    if (step.kind === "flush" && outcome.is === "ok") await this.observe();
    if (step.kind === "close" && outcome.is === "failed") this.closeFailed = true;
    this.sayCall(step.id, step.kind, outcome);
  }

  protected async together(calls: readonly CallStep[], before: View): Promise<void> {
    const exits = calls.some(one => one.kind === "exit");
    if (exits) this.bus.mayEnd();
    const commands = calls.map((one): Call => {
      if (one.kind === "exit") return { do: "exit" };
      if (one.kind === "publish") return this.publishCall(one);
      return { do: one.kind, timeoutMs: one.kind === "flush" ? one.timeoutMs : endCallTimeoutMs };
    });
    const all = await this.bus.call({ do: "together", calls: commands }, callBoundMs * 2);
    this.sayEvents(this.bus.markAt(all));
    for (const [i, one] of calls.entries()) {
      const reply = all.replies[i] as CallReply | PublishReply;
      const command = commands[i] as Call;
      if (one.kind === "publish" && command.do === "publish" && "outcomes" in reply)
        this.sayPublished(one, command.first, reply, before);
      else if (one.kind !== "publish" && "outcome" in reply) await this.said(one, reply.outcome);
    }
    if (exits) await this.exited();
  }

  /** The process has been told to end from within. */
  protected async exited(): Promise<void> {
    if (!(await isDoneWithin(this.process.exited, callBoundMs)))
      throw new BusProtocolError("The bus was told to exit, has answered, and still runs. See exit in the protocol.");
  }

  // ---- Faults ----

  protected async fault({ step: { id: step }, before }: ScenarioStep, fault: Fault): Promise<void> {
    const { server, link } = this.parts;
    this.faultMark = this.bus.mark();
    this.faultAtMs = performance.now();
    if (before.client === "connected" && before.hindrance === "none") this.process.dials.areOver();
    const store = fault.kind === "stop-server" && fault.store === "lost" ? { store: fault.store } : {};
    this.emit({ kind: "fault", step, fault: fault.kind, phase: "installed", ...store });
    const lives = before.started && before.ended === "no" && before.process !== "waiting";
    const ends = fault.kind === "cut" || fault.kind === "stop-server" || fault.kind === "limit";
    if (ends && lives) this.unproven.push({ step, fault: fault.kind });
    switch (fault.kind) {
      case "hold":
        await link.hold();
        this.mustShow(step, "hold");
        return this.proven(step, "hold", "the proxy lists it");
      case "blackhole":
        await link.blackhole();
        this.mustShow(step, "blackhole");
        return this.proven(step, "blackhole", "the proxy lists it");
      case "limit":
        // A dial right after the limit would find a fresh one: it gets no INFO, and so nothing done, until the proxy is gone.
        await link.holdDownstream();
        await link.limit(fault.bytes);
        this.mustShow(step, "hold-downstream");
        return this.mustShow(step, "limit", fault.bytes);
      case "pause-server":
        this.pausedCid = (await server.connectionsOpen()).find(one => one.name === this.name)?.cid;
        await server.pause();
        this.paused = true;
        this.mustBe(step, "the pause", server.isHalted);
        return this.proven(step, fault.kind, "every thread of the server stands still");
      case "stop-server":
        await server.stop(fault.signal);
        this.serverDown = true;
        this.storeLost = fault.store === "lost";
        this.mustBe(step, "the stop", server.pid === undefined);
        break;
      case "cut":
        if (this.one.scenario.options.cutsWith === "rst") await this.mustStillShow(step, "closes-with-rst");
        await link.cut();
        this.mustBe(step, "the cut", !link.isOpen);
        break;
      default:
        return this.faultService(step, fault, before);
    }
    if (!lives) this.proven(step, fault.kind, "the proxy is gone");
    if (fault.awaits !== "none" && lives) {
      await this.awaitSaid(step, "disconnected", this.faultMark, noticeBoundMs);
      if (fault.awaits === "gave-up") await this.awaitSaid(step, "closed", this.faultMark, giveUpBoundMs);
    }
    // A dial that met a proxy without a server behind it would be one more event; none is wanted.
    if (fault.kind === "stop-server") await link.cut();
    await this.joinOverlapped();
  }

  /** The faults that only a bus with a policy can meet. */
  protected async faultService(_step: StepId, fault: Fault, _before: View): Promise<void> {
    throw new Error(`fault in faultline: ${fault.kind} without a policy`);
  }

  /** By the proxy's reply to the call that laid it. */
  protected mustShow(step: StepId, name: ToxicName, amount?: number): void {
    this.mustBe(step, name, this.parts.link.shows(name, amount));
  }

  /** By the proxy, asked again before the fault ends. */
  protected async mustStillShow(step: StepId, ...names: readonly ToxicName[]): Promise<void> {
    this.mustBe(step, names.join(" and "), await this.parts.link.stillShows(...names));
  }

  /** Ends the case where it is not so. */
  protected mustBe(step: StepId, what: string, is: boolean): void {
    if (!is) this.giveUp(step, `${what} to be in force`);
  }

  protected giveUp(step: StepId, notAwaited: string): never {
    throw new GivenUp(step, notAwaited);
  }

  protected proven(step: StepId, fault: Fault["kind"], proof: string): void {
    this.emit({ kind: "fault", step, fault, phase: "took-effect", proof });
  }

  protected async awaitNoticed(step: StepId, before: View): Promise<void> {
    const { pingIntervalMs = 0, pingsOutMax = 2 } = this.one.scenario.options;
    this.sayEvents();
    // A slow harness finds it noticed already: then there is nothing to await.
    if (!this.saidSince(this.faultMark, "disconnected")) this.emit({ kind: "awaits-notice", step });
    const dueMs = 3 * pingIntervalMs * (pingsOutMax + 1);
    await this.awaitSaid(step, "disconnected", this.faultMark, Math.max(noticeBoundMs, dueMs));
    if (before.hindrance === "blackhole") {
      await this.mustStillShow(step, "blackhole");
      await this.parts.link.cut();
    }
    this.sayEvents();
  }

  protected async heal(step: StepId, awaits: HealAwait, before: View): Promise<void> {
    const { server, link } = this.parts;
    const connectionLives = before.link === "up" && before.client === "connected" && before.hindrance !== "blackhole";
    if (before.hindrance === "pause") {
      this.mustBe(step, "the pause", server.isHalted);
      await server.resume();
      this.paused = false;
      // The server reads what the kernel kept for it, and lets go of the connection that the client has closed.
      if (!connectionLives) await this.awaitOpen(step, open => open.every(one => one.cid !== this.pausedCid));
    } else if (before.hindrance === "limit") {
      await this.mustStillShow(step, "limit", "hold-downstream");
      await link.release("limit");
      await link.release("hold-downstream");
    } else if (before.hindrance === "hold") {
      if (link.isOpen) {
        await this.mustStillShow(step, "hold");
        await link.release("hold");
      }
    } else if (before.hindrance === "blackhole") {
      await this.mustStillShow(step, "blackhole");
      this.faultMark = this.bus.mark();
      await link.cut();
      await this.openLinkAgain(step, false);
    } else if (before.link === "handshake") {
      await this.mustStillShow(step, "hold-downstream");
      await link.release("hold-downstream");
    } else if (before.link === "down") {
      await this.openLinkAgain(step, awaits === "handshake");
    }
    const lives = before.started && before.ended !== "closed";
    if (awaits === "handshake") await this.awaitOpen(step, open => open.some(one => one.name === undefined));
    if (awaits === "connected" && lives && !connectionLives) await this.awaitBack(step, before);
    // The dial may have been given up, and what was published is then kept or refused as while down.
    if (before.link === "handshake" && performance.now() - this.handshakeAtMs >= connectTimeoutMs)
      this.emit({ kind: "not-awaited", step, what: "the handshake to end before its dial is given up" });
    await this.joinOverlapped();
    this.sayEvents();
  }

  protected async openLink(
    step: StepId,
    held: Pick<LinkOpening, "heldDownstream" | "silentHandshake"> = {},
  ): Promise<void> {
    const closesWith = this.one.scenario.options.cutsWith;
    await this.parts.link.open({ closesWith, ...held });
    if (closesWith === "rst") this.mustShow(step, "closes-with-rst");
    if (held.heldDownstream === true) this.mustShow(step, "hold-downstream");
    if (held.silentHandshake === true) this.mustShow(step, "silent-handshake");
  }

  protected async openLinkAgain(step: StepId, heldDownstream: boolean): Promise<void> {
    if (this.serverDown) {
      this.mustBe(step, "the stop", this.parts.server.pid === undefined);
      await this.parts.server.restart(this.storeLost ? { store: "lost" } : {});
      await this.serverBack();
    } else await this.awaitOpen(step, open => open.every(one => one.name !== this.name));
    await this.awaitNoDial(step);
    this.handshakeAtMs = performance.now();
    await this.openLink(step, { heldDownstream });
  }

  /** The server has been restarted. */
  protected async serverBack(): Promise<void> {
    this.serverDown = false;
    this.serverChanged = false;
    this.storeLost = false;
    await this.observer.reopen();
  }

  /** A dial that began while the link was down must have failed before it comes back; what is published is wiped by the next. */
  protected async awaitNoDial(step: StepId): Promise<void> {
    const until = performance.now() + pollBoundMs;
    while (this.process.dials.areUnderWay(this.parts.link.port)) {
      if (performance.now() > until) {
        this.emit({ kind: "not-awaited", step, what: "a dial to fail" });
        return;
      }
      await wait(pollEveryMs);
    }
  }

  /** Down, then up: after an un-awaited cut the client's last word may still be from before it. */
  protected async awaitBack(step: StepId, _before: View): Promise<void> {
    let wasDown = false;
    const back = (event: BusEvent): boolean => {
      if (event.event !== "connection") return false;
      if (event.change === "disconnected") wasDown = true;
      return wasDown && event.change === "reconnected";
    };
    const met = await this.bus.waitFor(back, this.faultMark, noticeBoundMs);
    if (!met) this.emit({ kind: "not-awaited", step, what: "the client to reconnect" });
    this.sayEvents();
  }

  protected async joinOverlapped(): Promise<void> {
    const overlapped = this.overlapped;
    this.overlapped = undefined;
    await overlapped;
  }

  // ---- The end ----

  protected async settle(planned: SettleStep): Promise<void> {
    const { before: view } = planned;
    if (!view.started && view.process !== "exited") return this.observed(true);
    if (planned.heals) {
      this.emit({ kind: "phase", phase: "healed" });
      await this.heal(settleId, "connected", view);
      this.emit({ kind: "healed", step: settleId });
    }
    await this.settleService(planned);
    if (this.mayFlush(view)) {
      const { outcome } = await this.bus.call({ do: "flush", timeoutMs: settleFlushTimeoutMs }, callBoundMs);
      if (outcome.is !== "ok")
        this.emit({ kind: "not-awaited", step: settleId, what: `the last flush, which ended in ${outcome.kind}` });
    }
    // nats.go says so from a goroutine of its own, maybe after the call that closed it has returned.
    if (view.ended === "closed" && !this.closeFailed) await this.bus.waitFor(isClosed, this.caseMark, closedBoundMs);
    const connectionsLeft = this.connectionsAtEnd(view);
    await this.awaitOpen(settleId, open => open.filter(one => one.name === this.name).length <= connectionsLeft);
    this.sayEvents();
    const complete = await this.observe();
    await this.sayHeld();
    this.emit({ kind: "phase", phase: "settled" });
    this.observed(complete && this.isObservedWhole());
  }

  /** Of replica 0, once all has settled. */
  protected connectionsAtEnd(view: View): number {
    return !view.started || view.ended === "closed" ? 0 : 1;
  }

  /** Whether the observer could see all that was there to be seen. */
  protected isObservedWhole(): boolean {
    return true;
  }

  protected mayFlush(view: View): boolean {
    return view.started && view.ended === "no";
  }

  /** What comes to pass by itself once nothing is wrong any more. */
  protected async settleService(_planned: SettleStep): Promise<void> {}

  /** What the streams hold. */
  protected async sayHeld(): Promise<void> {}

  protected observed(complete: boolean): void {
    this.emit({ kind: "observed", complete, ...(complete ? {} : { why: "the observer could not see everything" }) });
  }

  // ---- What is seen ----

  /** All that the server has passed on is in the trace when this returns true. */
  protected async observe(): Promise<boolean> {
    const complete = await this.observer.flush().then(
      () => true,
      () => false,
    );
    const { runs: arrived, foreign } = this.observer.arrived();
    const runs = this.seen(arrived);
    let skip = this.arrivalsSeen;
    for (const run of runs) {
      const seen = Math.min(skip, run.count);
      skip -= seen;
      if (seen < run.count) this.emit({ kind: "delivered", first: run.first + seen, count: run.count - seen });
    }
    this.arrivalsSeen = runs.reduce((sum, run) => sum + run.count, 0);
    if (foreign > this.foreignSeen) this.emit({ kind: "foreign", count: foreign - this.foreignSeen });
    this.foreignSeen = foreign;
    return complete;
  }

  /** What the observer is there for. */
  protected seen(runs: readonly Run[]): readonly Run[] {
    return runs;
  }

  /** The client's own events since the last look; a disconnect proves the faults that were to end the connection. */
  protected sayEvents(upTo: number = this.bus.mark()): void {
    const seen = Math.min(upTo, this.bus.mark());
    for (const event of this.bus.eventsSince(this.eventsSeen).slice(0, Math.max(0, seen - this.eventsSeen))) {
      if (event.event !== "connection") {
        this.sayServiceEvent(event);
        continue;
      }
      if (!this.isHeard(event.change)) continue;
      this.emit({ kind: "connection", change: event.change });
      if (event.change !== "disconnected") continue;
      for (const { step, fault } of this.unproven.splice(0)) this.proven(step, fault, "the client's disconnect event");
    }
    this.eventsSeen = Math.max(this.eventsSeen, seen);
  }

  protected sayServiceEvent(_event: BusEvent): void {}

  /** Whether a change of the connection is the client's own, and not that of a process that ends. */
  protected isHeard(_change: ConnectionChange): boolean {
    return true;
  }

  protected sayCall(step: StepId, call: Extract<Event, { kind: "called" }>["call"], outcome: CallOutcome): void {
    this.emit({
      kind: "called",
      step,
      call,
      outcome: outcome.is === "ok" ? { is: "ok" } : { is: "failed", kind: outcome.kind },
    });
  }

  protected sayPublished(step: PublishStep, first: number, reply: PublishReply, _before: View): void {
    const bytes = frameBytes(this.subject, step.bytes, this.one.profile);
    this.sayOutcomes(reply, first, { step: step.id, frameBytes: bytes });
  }

  protected sayOutcomes(
    reply: PublishReply,
    first: number,
    about: Omit<Extract<Event, { kind: "published" }>, "kind" | "first" | "count" | "outcome">,
  ): void {
    let next = first;
    for (const { count, outcome } of reply.outcomes) {
      // The client's wording is shown where it is, and never compared.
      const { text: _text, ...told } = outcome;
      this.emit({ kind: "published", ...about, first: next, count, outcome: told });
      next += count;
    }
  }

  protected saidSince(mark: number, change: ConnectionChange): boolean {
    return this.bus.eventsSince(mark).some(event => event.event === "connection" && event.change === change);
  }

  protected async awaitSaid(step: StepId, change: ConnectionChange, mark: number, boundMs: number): Promise<void> {
    const met = await this.bus.waitFor(event => event.event === "connection" && event.change === change, mark, boundMs);
    this.sayEvents();
    if (!met) this.emit({ kind: "not-awaited", step, what: `the client to say that it is ${change}` });
  }

  /** Polls the server until its open connections are as asked. */
  protected async awaitOpen(
    step: StepId,
    holds: (open: Awaited<ReturnType<NatsServer["connectionsOpen"]>>) => boolean,
  ): Promise<void> {
    const until = performance.now() + pollBoundMs;
    while (!holds(await this.parts.server.connectionsOpen())) {
      if (performance.now() > until)
        return this.emit({ kind: "not-awaited", step, what: "the server to let go of a connection" });
      await wait(pollEveryMs);
    }
  }
}

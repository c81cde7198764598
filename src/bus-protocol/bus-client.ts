/**
 * The harness's end of the bus protocol: sends commands, matches replies, keeps events in order. It knows streams, not processes, and does
 * not care who spawned the bus or where. The first breach of the protocol ends the conversation: that call, all pending ones and all later
 * ones fail with its error.
 */
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { BusCrashed, BusEnded, BusProtocolError, BusUnavailable, type Crash, excerpt } from "./errors.ts";
import { readLines } from "./lines.ts";
import {
  type BusEvent,
  type Command,
  eventsMax,
  type Greeting,
  protocolVersion,
  type Reply,
  type ReplyTo,
  type StartCommand,
} from "./protocol.ts";
import { learned, type Path, resolved } from "./resolved.ts";
import { eventSchema, replySchemas } from "./schema.ts";

/** The end of a bus's process. Neither code nor signal where they are unknown; `error` where it could not be started. */
export interface BusExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: string;
  /** Its output was given up before its end, so its last words may be missing. */
  readonly isCut?: true;
}

/** A running bus, seen as streams. */
export interface BusLink {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Never rejects. */
  readonly exited: Promise<BusExit>;
  /** The name of the bus in messages: `go-nats-go`, or the command line that started it. */
  readonly describe: string;
  /** The last lines of its stderr, for the message that reports its end. */
  readonly stderrTail?: () => readonly string[];
}

interface Pending {
  readonly id: number;
  readonly command: Command;
  readonly settle: (reply: Reply) => void;
  readonly fail: (error: Error) => void;
}

interface Waiting {
  readonly look: (event: BusEvent) => void;
  readonly stop: (error: Error | null) => void;
}

/** The time between the end of stdout and that of the process, in either order. */
const lastWordsMs = 1_000;

/** The lines of stderr that are kept of a process that ended by itself: a stack, and what was said before it. */
const lastLinesMax = 12;
const lastLineCharsMax = 200;

export class BusClient {
  readonly #link: BusLink;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting = new Set<Waiting>();
  #events: BusEvent[] = [];
  #eventsForgotten = 0;
  readonly #marks = new WeakMap<Reply, number>();
  #nextId = 1;
  #greeted = false;
  #case: number | null = null;
  /** The policy of the case, where the bus is to be told what it says of each command. */
  #policy: Policy | undefined;
  #path: Path;
  #isResolved = false;
  #quitted = false;
  #mayEnd = false;
  #failure: Error | null = null;

  constructor(link: BusLink) {
    this.#link = link;
    // A bus that is gone is noticed at the end of its stdout; a failed write adds nothing.
    link.stdin.on("error", () => {});
    readLines(link.stdout, {
      line: text => this.#onLine(text),
      tooLong: text => this.#break(`printed a line longer than 1 MiB, beginning with ${excerpt(text)}`, stdoutAdvice),
      ended: () => void this.#onEnd(),
    });
    // Two kinds of process end without ending their stdout: one that could not be started, and one whose stdout a child keeps open.
    void link.exited.then(exit => {
      setTimeout(() => this.#gone(exit), exit.error === undefined ? lastWordsMs : 0).unref();
    });
  }

  /** Must come first. Fails with BusUnavailable if no greeting comes. */
  async hello(deadlineMs: number): Promise<Greeting> {
    const greeting = await this.call({ do: "hello", versions: [protocolVersion] }, deadlineMs);
    this.#greeted = true;
    this.#isResolved = greeting.resolved === true;
    return greeting;
  }

  /** Sends at once; resolves with the reply. Calls may overlap. */
  call<Asked extends Command>(command: Asked, deadlineMs: number): Promise<ReplyTo<Asked>> {
    const { promise, resolve, reject } = Promise.withResolvers<ReplyTo<Asked>>();
    // The promise of an overlapped call may fail long before it is awaited; that alone must not end the harness.
    promise.catch(() => {});
    if (this.#failure !== null) {
      reject(this.#failure);
      return promise;
    }
    const id = this.#nextId++;
    const sent = this.#policy === undefined ? command : resolved(command, this.#policy, this.#path);
    const timer = setTimeout(() => this.#overdue(command, id, deadlineMs), deadlineMs);
    this.#pending.set(id, {
      id,
      command: sent,
      settle: reply => {
        clearTimeout(timer);
        // The schema of this very command has validated the reply.
        resolve(reply as ReplyTo<Asked>);
      },
      fail: error => {
        clearTimeout(timer);
        reject(error);
      },
    });
    if (command.do === "start") this.#begin(command);
    this.#link.stdin.write(`${JSON.stringify({ id, ...sent })}\n`);
    return promise;
  }

  #begin(start: StartCommand): void {
    this.#case = start.case;
    this.#policy = this.#isResolved ? start.policy : undefined;
    this.#path = undefined;
  }

  /** The end of the process is no breach from now on: calls then fail with BusEnded, and waits are not met. */
  mayEnd(): void {
    this.#mayEnd = true;
  }

  /** The place of the next event. Take it before the action whose effect is awaited. */
  mark(): number {
    return this.#eventsForgotten + this.#events.length;
  }

  /** The number of events that came before this reply; any later one follows it on the wire. */
  markAt(reply: Reply): number {
    return this.#marks.get(reply) ?? this.mark();
  }

  eventsSince(mark: number): readonly BusEvent[] {
    return this.#events.slice(Math.max(0, mark - this.#eventsForgotten));
  }

  /** Drops the events kept so far, so that a long conversation does not grow. Marks keep their meaning. */
  forgetEvents(): void {
    this.#eventsForgotten += this.#events.length;
    this.#events = [];
  }

  /** True once an event at or after the mark fits; false at the deadline, or when the bus has quit. Fails if the bus does. */
  waitFor(fits: (event: BusEvent) => boolean, mark: number, deadlineMs: number): Promise<boolean> {
    if (this.eventsSince(mark).some(fits)) return Promise.resolve(true);
    if (this.#failure instanceof BusEnded) return Promise.resolve(false);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    promise.catch(() => {});
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
      settle();
    };
    const timer = setTimeout(() => done(() => resolve(false)), deadlineMs);
    const waiting: Waiting = {
      look: event => {
        if (fits(event)) done(() => resolve(true));
      },
      stop: error => done(() => (error === null ? resolve(false) : reject(error))),
    };
    this.#waiting.add(waiting);
    return promise;
  }

  // ---- Lines from the bus ----

  #onLine(text: string): void {
    if (this.#failure !== null) return;
    const message = parseObject(text);
    if (message === null) {
      this.#break(`printed ${excerpt(text)}, which is not a JSON object`, stdoutAdvice);
    } else if ("event" in message) {
      this.#onEvent(message, text);
    } else {
      this.#onReply(message, text);
    }
  }

  #onEvent(message: object, text: string): void {
    const parsed = eventSchema.safeParse(message);
    if (!parsed.success) {
      this.#break(
        `sent the event ${excerpt(text)}, which is not one of the protocol (${reasonOf(parsed.error)})`,
        shapeAdvice,
      );
    } else if (parsed.data.case !== this.#case) {
      const current = this.#case === null ? "no case is open" : `the open case is ${this.#case}`;
      this.#break(
        `sent the event ${excerpt(text)} while ${current}`,
        "After the reply to end, a case must stay silent.",
      );
    } else if (this.#events.length >= eventsMax) {
      this.#break(`sent more than ${eventsMax} events in one case`, "Say what the client says, once.");
    } else {
      if (parsed.data.event === "path") this.#path = parsed.data.path;
      this.#events.push(parsed.data);
      for (const waiting of [...this.#waiting]) waiting.look(parsed.data);
    }
  }

  #onReply(message: { readonly id?: unknown; readonly error?: unknown }, text: string): void {
    const { id, ...body } = message;
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (pending === undefined) {
      const why =
        typeof id !== "number" || id >= this.#nextId || id < 1 ? "no command has that id" : "it was answered before";
      this.#break(`sent the reply ${excerpt(text)}, but ${why}`, "Answer each command once, with its own id.");
      return;
    }
    const asked = nameOf(pending.command, pending.id);
    if (typeof body.error === "string") {
      this.#break(
        `refused ${asked}: ${excerpt(body.error)}`,
        "Teach the bus this command, or do not claim its capability.",
      );
      return;
    }
    const parsed = replySchemas[pending.command.do].safeParse(body);
    const fault = parsed.success ? miscount(pending.command, parsed.data) : reasonOf(parsed.error);
    if (!parsed.success || fault !== null) {
      this.#break(`answered ${asked} with ${excerpt(text)}, which does not fit (${fault})`, shapeAdvice);
      return;
    }
    const reply = this.#policy === undefined ? parsed.data : learned(pending.command, parsed.data, this.#policy);
    this.#pending.delete(pending.id);
    this.#marks.set(reply, this.mark());
    if (pending.command.do === "end") this.#case = null;
    if (pending.command.do === "quit") this.#quitted = true;
    pending.settle(reply);
  }

  // ---- The end of the bus ----

  async #onEnd(): Promise<void> {
    const silence = new Promise<null>(resolve => setTimeout(resolve, lastWordsMs, null).unref());
    this.#gone(await Promise.race([this.#link.exited, silence]));
  }

  /** `exit` is null where only the stdout has ended. */
  #gone(exit: BusExit | null): void {
    if (this.#failure !== null) return;
    if (exit?.error !== undefined) {
      this.#fail(
        new BusUnavailable(`The bus ${this.#link.describe} cannot be started: ${exit.error}. Check its command.`),
      );
    } else if (!this.#greeted) {
      const advice = "Run its command by hand; it must answer the hello command and go on until its stdin closes.";
      this.#fail(
        new BusUnavailable(
          `The bus ${this.#link.describe} ${endingOf(exit)} before it had greeted${this.#lastWords()}. ${advice}`,
        ),
      );
    } else if (this.#mayEnd) {
      const crash = exit === null ? undefined : this.#crashOf(exit);
      this.#fail(new BusEnded(`The process of the bus ${this.#link.describe} ${endingOf(exit)}.`, crash));
    } else if (this.#quitted) {
      this.#fail(new BusProtocolError(`The bus ${this.#link.describe} has quit. Start it again to go on.`));
    } else {
      const during = this.#owed();
      const when = during === "" ? "between two commands" : `while it owed an answer to ${during}`;
      const advice = "Look at its stderr; a bus goes on until quit, or until its stdin closes.";
      const message = `The bus ${this.#link.describe} ${endingOf(exit)} ${when}${this.#lastWords()}. ${advice}`;
      const isOpen = exit !== null && this.#case !== null;
      this.#fail(isOpen ? new BusCrashed(message, this.#crashOf(exit)) : new BusProtocolError(message));
    }
  }

  #owed(): string {
    return [...this.#pending.values()].map(pending => nameOf(pending.command, pending.id)).join(", ");
  }

  #crashOf({ code, signal }: BusExit): Crash {
    const lines = (this.#link.stderrTail?.() ?? []).filter(line => line.trim() !== "").slice(-lastLinesMax);
    return { code, signal, owed: this.#owed(), lastWords: lines.map(line => line.slice(0, lastLineCharsMax)) };
  }

  /** True once the conversation is over, however it ended. */
  get isOver(): boolean {
    return this.#failure !== null;
  }

  #lastWords(): string {
    const last = this.#link.stderrTail?.().findLast(line => line.trim() !== "");
    return last === undefined ? "" : `, and its last words were ${excerpt(last)}`;
  }

  #overdue(command: Command, id: number, deadlineMs: number): void {
    const who = `The bus ${this.#link.describe}`;
    if (command.do === "hello") {
      const advice = "It must answer the hello command on its stdout; look at its stderr.";
      this.#fail(new BusUnavailable(`${who} did not greet within ${deadlineMs} ms. ${advice}`));
    } else {
      const advice =
        "Each call of the client needs a bound of its own, and no call may keep others from being answered.";
      this.#break(`did not answer ${nameOf(command, id)} within ${deadlineMs} ms`, advice);
    }
  }

  #break(what: string, advice: string): void {
    this.#fail(new BusProtocolError(`The bus ${this.#link.describe} ${what}. ${advice}`));
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    for (const pending of this.#pending.values()) pending.fail(error);
    this.#pending.clear();
    for (const waiting of [...this.#waiting]) waiting.stop(this.#quitted || error instanceof BusEnded ? null : error);
  }
}

const stdoutAdvice = "Only lines of the protocol may go to stdout; free text belongs on stderr.";
const shapeAdvice = "The shapes are in fixtures/buses/protocol.md.";

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A reply of the right shape can still answer too few or too many calls. */
function miscount(command: Command, reply: Reply): string | null {
  if (command.do === "publish" && "outcomes" in reply) {
    const answered = reply.outcomes.reduce((sum, run) => sum + run.count, 0);
    return answered === command.count
      ? null
      : `${command.count} publishes were asked for, ${answered} are accounted for`;
  }
  if (command.do === "together" && "replies" in reply) {
    if (reply.replies.length !== command.calls.length) {
      return `${command.calls.length} calls were asked for, ${reply.replies.length} are answered`;
    }
    return command.calls.reduce<string | null>((fault, call, index) => {
      const part = reply.replies[index];
      if (fault !== null || part === undefined) return fault;
      if ((call.do === "publish") !== "outcomes" in part) return `reply ${index} does not fit a ${call.do}`;
      return miscount(call, part);
    }, null);
  }
  return null;
}

function reasonOf(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll("\n", " ").replaceAll("✖ ", "").slice(0, 300);
}

function nameOf(command: Command, id: number): string {
  return `${command.do} (id ${id})`;
}

function endingOf(exit: BusExit | null): string {
  if (exit === null) return "closed its stdout";
  if (exit.signal !== null) return `was ended by ${exit.signal}`;
  return exit.code === null ? "ended" : `ended with exit code ${exit.code}`;
}

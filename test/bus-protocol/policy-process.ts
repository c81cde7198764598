/** A process of a bus under a policy, as the tests of the protocol drive it: started, asked, told to stop, and always ended. */
import { expect } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Handler } from "../../models/vocabulary/scenario.ts";
import { BusClient, type BusExit } from "../../src/bus-protocol/bus-client.ts";
import type {
  BusEvent,
  CallReply,
  Command,
  Greeting,
  OutcomeRun,
  PublishCall,
  ReplyTo,
  StartOptions,
} from "../../src/bus-protocol/protocol.ts";
import { type BusManifest, launchOf } from "../../src/bus-protocol/registry.ts";
import { type SpawnedBus, spawnBus } from "./spawn-bus.ts";

const deadlineMs = 10_000;
const caseNumber = 7;

const options: StartOptions = { reconnectWaitMs: 20, reconnectAttemptsMax: -1, connectTimeoutMs: 500 };

export type Ending = Extract<BusEvent, { event: "ending" }>;
export type Handled = Extract<BusEvent, { event: "handled" }>;

/** A policy of which nothing is special. Tests change what they are about. */
export const plainPolicy: Policy = {
  version: 1,
  name: "under-test",
  why: "for a test",
  families: [],
  classifier: [],
  streams: [],
  taps: [],
  publish: { messageIds: [], ackTimeoutMs: 2_000, attemptsMax: 1 },
  consume: { durables: "bound", ackWaitMs: 30_000, deliverMax: -1, failures: "redelivered" },
  startup: {
    strategy: "fail-fast",
    connectTimeoutMs: 1_000,
    jetStreamProbe: "none",
    readiness: "connected",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "close", budgetMs: 5_000, forced: true, tellsLoss: true },
  supervisor: { restartMs: 100, killAfterMs: 10_000 },
  client: {},
  demands: [],
};

export class PolicyProcess {
  readonly #link: SpawnedBus;
  readonly #client: BusClient;
  #greeting: Greeting | undefined;

  private constructor(link: SpawnedBus) {
    this.#link = link;
    this.#client = new BusClient(link);
  }

  static async spawn(manifest: BusManifest): Promise<PolicyProcess> {
    const { name, command, folder } = launchOf(manifest);
    const spawned = new PolicyProcess(spawnBus(name, command, folder));
    spawned.#greeting = await spawned.#client.hello(deadlineMs);
    return spawned;
  }

  get greeting(): Greeting {
    if (this.#greeting === undefined) throw new Error("it has not greeted");
    return this.#greeting;
  }

  async start(url: string, policy: Policy, changes: Partial<StartOptions> = {}): Promise<void> {
    const start = {
      do: "start",
      case: caseNumber,
      url,
      name: "faultline-test",
      options: { ...options, ...changes },
    } as const;
    expect(await this.call({ ...start, policy })).toEqual({ outcome: { is: "ok" } });
  }

  call<Asked extends Command>(command: Asked): Promise<ReplyTo<Asked>> {
    return this.#client.call(command, deadlineMs);
  }

  /** What each call returned, without the client's wording. */
  async publish(subject: string, call: Partial<PublishCall> = {}): Promise<readonly OutcomeRun[]> {
    const { outcomes } = await this.call({ do: "publish", subject, first: 0, count: 1, bytes: 16, ...call });
    return outcomes.map(({ count, outcome: { text: _, ...outcome } }) => ({ count, outcome }) as OutcomeRun);
  }

  async subscribe(subject: string, handler: Handler): Promise<CallReply["outcome"]> {
    const { outcome } = await this.call({ do: "subscribe", subject, handler });
    const { text: _, ...said } = outcome;
    return said as CallReply["outcome"];
  }

  /** Waits for that change of the connection, the first, or the first after a mark. */
  async change(change: "connected" | "disconnected" | "reconnected" | "closed"): Promise<void> {
    await this.until(event => event.event === "connection" && event.change === change, `a change to ${change}`);
  }

  async path(): Promise<string> {
    await this.until(event => event.event === "path", "the event path");
    return this.events().flatMap(event => (event.event === "path" ? [event.path] : []))[0] ?? "";
  }

  /** Waits until so many messages were handled; all of them. */
  async handled(count: number): Promise<readonly Handled[]> {
    const handled = () => this.events().filter(event => event.event === "handled");
    await this.until(() => handled().length >= count, `${count} handled`);
    return handled();
  }

  async until(fits: (event: BusEvent) => boolean, what: string): Promise<void> {
    expect(await this.#client.waitFor(fits, 0, deadlineMs), what).toBe(true);
  }

  events(): readonly BusEvent[] {
    return this.#client.eventsSince(0);
  }

  signal(name: NodeJS.Signals): void {
    this.#link.signal(name);
  }

  /** Its last word, and the code that it ended with. */
  async ending(): Promise<{ readonly last: Omit<Ending, "case" | "event">; readonly code: number | null }> {
    await this.until(event => event.event === "ending", "the event ending");
    const { code } = await this.#link.exited;
    const last = this.events().at(-1);
    if (last?.event !== "ending") throw new Error(`after its last word it said ${JSON.stringify(last)}`);
    const { because, forced, toldLost } = last;
    return { last: { because, forced, toldLost }, code };
  }

  exited(): Promise<BusExit> {
    return this.#link.exited;
  }

  end(): Promise<BusExit> {
    this.#link.stop();
    return this.#link.exited;
  }
}

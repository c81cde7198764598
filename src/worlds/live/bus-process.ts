/** One process of a bus: started, greeted, signalled, ended. It does not outlive the harness. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BusClient } from "../../bus-protocol/bus-client.ts";
import { BusUnavailable } from "../../bus-protocol/errors.ts";
import type { Greeting } from "../../bus-protocol/protocol.ts";
import type { BusLaunch } from "../../bus-protocol/registry.ts";
import type { Memory } from "../driver/rig.ts";
import { type BusEnd, Descendant } from "./bus-end.ts";
import { findBusPid, unclaimedText } from "./bus-pid.ts";
import { type Dials, dialsOf } from "./dials.ts";
import { type Guarded, spawnGuarded } from "./guard.ts";
import { memoryOf } from "./memory.ts";

export interface BusProcess {
  readonly client: BusClient;
  readonly greeting: Greeting;
  /** Settles once it has ended and all its output was read. Never rejects. It has neither code nor signal if its wrapper lives on. */
  readonly exited: Promise<BusEnd>;
  /** True if the bus is not the process that was started, but a descendant of it. */
  readonly isWrapped: boolean;
  /** The sentence on why its process cannot be known, and what to do; it then has neither signals nor memory. */
  readonly unclaimed: string | undefined;
  readonly dials: Dials;
  /** The machine's memory that it holds; undefined where the kernel does not report it, or the process has ended. */
  memory(): Memory | undefined;
  /** Signals the process alone. @throws if it is unclaimed */
  signal(signal: "TERM" | "KILL"): void;
  /** Ends it whatever its state; returns when it is gone. */
  end(): Promise<void>;
}

const greetingBoundMs = 10_000;

/**
 * The folder that Node itself takes by default. A bus that runs on Node starts in a third of the processor's time with its sources compiled, and a
 * case may start several processes. A bus in another language ignores it.
 */
const nodeCompileCache = join(tmpdir(), "node-compile-cache");

/** @throws BusUnavailable */
export async function startBus(launch: BusLaunch): Promise<BusProcess> {
  const guarded = spawnBus(launch);
  // Until it has greeted it is the process that was started; afterwards it may prove to be another.
  const found = Promise.withResolvers<Descendant | undefined>();
  const ofChild: Promise<BusEnd> = guarded.exited;
  const exited = Promise.race([found.promise, ofChild.then(() => undefined)]).then(one => one?.ended ?? ofChild);
  const client = new BusClient({
    stdin: guarded.child.stdin,
    stdout: guarded.child.stdout,
    exited,
    describe: launch.name,
    stderrTail: guarded.tail,
  });
  const end = async (): Promise<void> => {
    await guarded.end();
  };
  try {
    const greeting = await client.hello(greetingBoundMs);
    const { shellMayStay } = launch;
    const own = findBusPid({ pid: guarded.pid, greeted: greeting.pid, shellMayStay });
    const descendant = own.kind === "descendant" ? new Descendant(own.process, guarded) : undefined;
    found.resolve(descendant);
    const pid = own.kind === "descendant" ? own.process.pid : guarded.pid;
    const unclaimed = own.kind === "unknown" ? unclaimedText(launch.name, own.reason) : undefined;
    return {
      client,
      greeting,
      exited,
      isWrapped: descendant !== undefined,
      unclaimed,
      dials: dialsOf(pid, launch.manifest !== null),
      memory: () => (unclaimed === undefined ? memoryOf(pid) : undefined),
      signal(one) {
        if (unclaimed !== undefined) throw new Error(`fault in faultline: ${unclaimed}`);
        if (descendant === undefined) guarded.kill(`SIG${one}`);
        else descendant.signal(`SIG${one}`);
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function spawnBus(launch: BusLaunch): Guarded {
  const [program, ...args] = launch.command;
  try {
    const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || nodeCompileCache };
    // Its stderr is free text: kept for messages, never parsed.
    return spawnGuarded(program, args, { cwd: launch.folder, env, onStderrLine: () => {} });
  } catch (error) {
    throw new BusUnavailable(`The bus ${launch.name} cannot be started: ${(error as Error).message}`);
  }
}

/** Processes of a bus, one of them started ahead: a runtime may take longer to start than a case takes to run. */
export class Spares {
  readonly #start: () => Promise<BusProcess>;
  #next: Promise<BusProcess> | undefined;
  #ended = false;

  constructor(start: () => Promise<BusProcess>) {
    this.#start = start;
  }

  async take(): Promise<BusProcess> {
    const taken = await (this.#next ?? this.#start());
    this.#next = this.#ended ? undefined : this.#start();
    // Its failure is reported to the one who takes it.
    this.#next?.catch(() => {});
    return taken;
  }

  /** A process that was taken is for its taker to end. */
  async end(): Promise<void> {
    this.#ended = true;
    const next = await this.#next?.catch(() => undefined);
    await next?.end();
  }
}

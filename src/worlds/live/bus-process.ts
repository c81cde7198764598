/** One process of a bus: started, greeted, signalled, ended. It does not outlive the harness. */
import { BusClient, type BusExit } from "../../bus-protocol/bus-client.ts";
import { BusUnavailable } from "../../bus-protocol/errors.ts";
import type { Greeting } from "../../bus-protocol/protocol.ts";
import type { BusLaunch } from "../../bus-protocol/registry.ts";
import { type Dials, dialsOf } from "./dials.ts";
import { type Guarded, spawnGuarded } from "./guard.ts";
import { type Memory, memoryOf } from "./memory.ts";

export interface BusProcess {
  readonly client: BusClient;
  readonly greeting: Greeting;
  /** Once it has ended and all that it said was read. Never rejects. */
  readonly exited: Promise<BusExit>;
  readonly dials: Dials;
  /** What it holds of the machine's memory; undefined where the kernel does not tell, or it has ended. */
  memory(): Memory | undefined;
  /** Signals the process alone. */
  signal(signal: "TERM" | "KILL"): void;
  /** Whatever its state; returns when it is gone. */
  end(): Promise<void>;
}

const greetingBoundMs = 10_000;

/** @throws BusUnavailable */
export async function startBus(launch: BusLaunch): Promise<BusProcess> {
  const guarded = spawnBus(launch);
  const exited = guarded.exited.then((exit): BusExit => exit);
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
    const dials = dialsOf(guarded.pid, launch.manifest !== null);
    const memory = (): Memory | undefined => memoryOf(guarded.pid);
    return { client, greeting, exited, dials, memory, signal: one => void guarded.kill(`SIG${one}`), end };
  } catch (error) {
    await end();
    throw error;
  }
}

function spawnBus(launch: BusLaunch): Guarded {
  const [program, ...args] = launch.command;
  try {
    // Its stderr is free text: kept for messages, never parsed.
    return spawnGuarded(program, args, { cwd: launch.folder, onStderrLine: () => {} });
  } catch (error) {
    throw new BusUnavailable(`The bus ${launch.name} cannot be started: ${(error as Error).message}`);
  }
}

/** Processes of a bus, one started ahead: a runtime may take longer to start than a case does to run. */
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
    // Its failure is told to whoever takes it.
    this.#next?.catch(() => {});
    return taken;
  }

  /** What was taken is its taker's to end. */
  async end(): Promise<void> {
    this.#ended = true;
    const next = await this.#next?.catch(() => undefined);
    await next?.end();
  }
}

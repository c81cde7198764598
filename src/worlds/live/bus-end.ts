/**
 * The end of a bus that is not our child but a descendant of one. The kernel reports its exit to the wrapper that started it, and not to
 * the harness. /proc shows that it has ended; how it ended follows from what was done to it and from how the wrapper ends.
 */
import { constants } from "node:os";
import type { BusExit } from "../../bus-protocol/bus-client.ts";
import { type Guarded, isDoneWithin } from "./guard.ts";
import { processOf, type SystemProcess } from "./processes.ts";

export interface BusEnd extends BusExit {
  /** Its moment, as `performance.now()` counts. */
  readonly atMs: number;
}

const lookEveryMs = 5;
/** The longest wait from the end of the bus to the end of its wrapper: npm takes its time. */
const wrapperBoundMs = 1_000;

/** A bus that is a descendant of the process that the harness has started. */
export class Descendant {
  readonly #process: SystemProcess;
  readonly #wrapper: Guarded;
  #killed = false;
  readonly ended: Promise<BusEnd>;

  constructor(process: SystemProcess, wrapper: Guarded) {
    this.#process = process;
    this.#wrapper = wrapper;
    this.ended = this.#end();
  }

  /** Signals it only if it still is the very process that was found; false if it has ended. */
  signal(signal: "SIGTERM" | "SIGKILL"): boolean {
    if (!this.#lives()) return false;
    try {
      process.kill(this.#process.pid, signal);
    } catch {
      return false;
    }
    if (signal === "SIGKILL") this.#killed = true;
    return true;
  }

  #lives(): boolean {
    const { pid, group, start } = this.#process;
    const now = processOf(pid);
    return now !== undefined && now.start === start && now.group === group;
  }

  async #end(): Promise<BusEnd> {
    const atMs = await this.#gone();
    const isEnded = await isDoneWithin(this.#wrapper.exited, wrapperBoundMs);
    const wrapper = isEnded ? await this.#wrapper.exited : undefined;
    return { ...exitOf(wrapper, this.#killed), ...(wrapper?.isCut && { isCut: true }), atMs };
  }

  #gone(): Promise<number> {
    return new Promise(resolve => {
      const done = (): void => {
        clearInterval(timer);
        resolve(performance.now());
      };
      const timer = setInterval(() => {
        if (!this.#lives()) done();
      }, lookEveryMs);
      // The guard kills everything that outlives its child. This looks before it does.
      this.#wrapper.child.prependOnceListener("exit", () => {
        if (this.#lives()) this.#killed = true;
        done();
      });
    });
  }
}

/** `wrapper` is undefined where the wrapper lives on: the exit code is then unknown. */
export function exitOf(wrapper: BusExit | undefined, killed: boolean): BusExit {
  if (killed) return { code: null, signal: "SIGKILL" };
  if (wrapper === undefined) return { code: null, signal: null };
  const signal = signalOf(wrapper.code);
  return signal === undefined ? { code: wrapper.code, signal: wrapper.signal } : { code: null, signal };
}

/** A shell exits with 128 plus the signal's number for a command that a signal has ended. */
const signalOf = (code: number | null): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];

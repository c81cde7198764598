/**
 * Turns on one machine: cases run beside each other, or one runs alone. A case whose waits were cut short says nothing of the bus, and
 * the usual cause is the load of the other lanes. So fewer run beside each other after it: half as many, and one more again each time that
 * as many have ended as then run at once. This is how TCP finds what a path carries (RFC 5681, additive increase, multiplicative decrease).
 */
export class Turns {
  readonly #besideMax: number;
  /** A fraction is the part of the way to one more. */
  #besideNow: number;
  #running = 0;
  #isAlone = false;
  #waitingAlone = 0;
  readonly #wakers: (() => void)[] = [];

  constructor(besideMax: number) {
    this.#besideMax = besideMax;
    this.#besideNow = besideMax;
  }

  /** The most that may run beside each other now. */
  get besideNow(): number {
    return Math.floor(this.#besideNow);
  }

  /** Begins once nothing runs alone, or waits to, and there is room. */
  async beside<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#isAlone || this.#waitingAlone > 0 || this.#running >= this.besideNow) await this.#end();
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#besideNow = Math.min(this.#besideMax, this.#besideNow + 1 / this.#besideNow);
      this.#wake();
    }
  }

  /** Begins once nothing else runs. Nothing else begins before it has ended. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waitingAlone += 1;
    this.#besideNow = Math.max(1, this.#besideNow / 2);
    while (this.#isAlone || this.#running > 0) await this.#end();
    this.#waitingAlone -= 1;
    this.#isAlone = true;
    try {
      return await work();
    } finally {
      this.#isAlone = false;
      this.#wake();
    }
  }

  /** Settles when the next work ends. */
  #end(): Promise<void> {
    return new Promise(resolve => this.#wakers.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

/**
 * Turns on one machine: cases run beside each other, or one runs alone. A case whose waits were cut short says nothing of the bus, and
 * the usual cause is the load of the other lanes.
 */
export class Turns {
  #running = 0;
  #isAlone = false;
  #waitingAlone = 0;
  readonly #wakers: (() => void)[] = [];

  /** Begins once nothing runs alone, or waits to. */
  async beside<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#isAlone || this.#waitingAlone > 0) await this.#end();
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#wake();
    }
  }

  /** Begins once nothing else runs. Nothing else begins before it has ended. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waitingAlone += 1;
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

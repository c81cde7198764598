/**
 * Lanes: live cases wait far more than they compute, so several run at once, each on separate parts. A lane has a nats-server, since cases
 * stop, halt and restart it, a link, and a process of each bus.
 *
 * `inLanes` is the one place where cases are handed to lanes. It hands their results on in the order of the cases, so a reader sees the
 * same as with one lane.
 */
import { availableParallelism } from "node:os";

/** A client that redials every 2 ms was seen to starve its harness with 128 at once; docs/facts.md, F-134. */
export const lanesMax = 32;
/** Half the number of lanes up to which an idle machine gains: docs/facts.md, F-132 to F-134. */
export const lanesDefault: number = Math.min(lanesMax, 4 * availableParallelism());

interface Begun<Job, Result> {
  readonly job: Job;
  readonly ended: Promise<void>;
  outcome: { readonly result: Result } | { readonly error: unknown } | undefined;
}

/**
 * Does the jobs, `lanes` of them at once, and yields their results in the order of the jobs. A job begins only while its result, or an
 * earlier one, is waited for. So nothing begins behind the back of a consumer that does other work between two results, or leaves.
 * Everything that was begun has ended when the consumer is out of the loop. A job that fails ends it with its error, in its turn.
 */
export async function* inLanes<Job, Result>(
  lanes: number,
  jobs: Iterable<Job>,
  work: (job: Job) => Promise<Result>,
): AsyncGenerator<{ readonly job: Job; readonly result: Result }, void, void> {
  const source = jobs[Symbol.iterator]();
  /** Jobs in order, each until its result has been handed on. */
  const begun: Begun<Job, Result>[] = [];
  let running = 0;
  let isLast = false;
  let onEnd = (): void => {};

  const begin = (job: Job): void => {
    running += 1;
    const one: Begun<Job, Result> = {
      job,
      outcome: undefined,
      ended: work(job)
        .then(
          result => {
            one.outcome = { result };
          },
          (error: unknown) => {
            one.outcome = { error };
            isLast = true;
          },
        )
        .then(() => {
          running -= 1;
          onEnd();
        }),
    };
    begun.push(one);
  };

  try {
    for (;;) {
      while (running < lanes && !isLast) {
        const next = source.next();
        if (next.done === true) isLast = true;
        else begin(next.value);
      }
      const first = begun[0];
      if (first === undefined) return;
      if (first.outcome === undefined) {
        await new Promise<void>(resolve => {
          onEnd = resolve;
        });
        continue;
      }
      begun.shift();
      if ("error" in first.outcome) throw first.outcome.error;
      yield { job: first.job, result: first.outcome.result };
    }
  } finally {
    await Promise.all(begun.map(one => one.ended));
  }
}

/**
 * Lends each of its members to one borrower at a time. It grows as it is used: a borrower that finds none free has one more opened, one at
 * a time and up to `membersMax`. Free members are taken first, so that a short run pays for few.
 */
export class Pool<Member> {
  readonly #open: (index: number) => Promise<Member>;
  readonly #membersMax: number;
  readonly #free: Member[] = [];
  readonly #waiting: { readonly take: (member: Member) => void; readonly fail: (error: unknown) => void }[] = [];
  readonly #members: Member[] = [];
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(membersMax: number, open: (index: number) => Promise<Member>) {
    this.#membersMax = membersMax;
    this.#open = open;
  }

  async use<Result>(work: (member: Member) => Promise<Result>): Promise<Result> {
    const member = this.#free.shift() ?? (await this.#next());
    try {
      return await work(member);
    } finally {
      this.#give(member);
    }
  }

  /** Borrowers that still wait get an error. Returns when all members, one that is being opened included, have been closed. */
  async close(end: (member: Member) => Promise<unknown>): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting.splice(0)) waiting.fail(new Error("The lanes were closed."));
    await this.#opening;
    await Promise.all(this.#members.map(end));
  }

  #next(): Promise<Member> {
    const { promise, resolve, reject } = Promise.withResolvers<Member>();
    this.#waiting.push({ take: resolve, fail: reject });
    this.#grow();
    return promise;
  }

  #grow(): void {
    if (this.#isClosed || this.#opening !== undefined || this.#waiting.length === 0) return;
    if (this.#members.length === this.#membersMax) return;
    this.#opening = this.#open(this.#members.length)
      .then(
        member => {
          this.#members.push(member);
          this.#give(member);
        },
        error => this.#waiting.shift()?.fail(error),
      )
      .then(() => {
        this.#opening = undefined;
        this.#grow();
      });
  }

  #give(member: Member): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(member);
    else next.take(member);
  }
}

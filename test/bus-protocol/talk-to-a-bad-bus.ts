/** A harness with one bad bus, as a process of its own, so that its memory can be measured. Prints what came of it as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { BusClient } from "../../src/bus-protocol/bus-client.ts";
import { spawnGuarded } from "../../src/worlds/live/guard.ts";

export interface Talk {
  readonly error: string;
  /** From the command that went wrong to its error. */
  readonly failedMs: number;
  /** From there to the end of the bus. */
  readonly endedMs: number;
  readonly mostBytesMore: number;
  readonly tail: readonly string[];
}

const answerBoundMs = 2_000;

async function talk(args: readonly string[]): Promise<Talk> {
  const guarded = spawnGuarded(process.execPath, args, { cwd: `${import.meta.dirname}/bad-buses`, onStderrLine() {} });
  const { stdin, stdout } = guarded.child;
  const bus = new BusClient({ stdin, stdout, exited: guarded.exited, describe: "it", stderrTail: guarded.tail });
  await bus.hello(10_000);
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const began = performance.now();
  const options = { reconnectWaitMs: 1, reconnectAttemptsMax: -1, connectTimeoutMs: 1 };
  const error = await bus
    .call({ do: "start", case: 1, url: "nats://127.0.0.1:1", name: "n", options }, answerBoundMs)
    .then(() => bus.call({ do: "publish", subject: "s", first: 0, count: 1, bytes: 8 }, answerBoundMs))
    .then(
      () => "none",
      error => (error as Error).message,
    );
  const failed = performance.now();
  // Nobody ends it at once: the flood goes on.
  await sleep(500);
  await guarded.end();
  clearInterval(sampling);
  return {
    error,
    failedMs: Math.round(failed - began),
    endedMs: Math.round(performance.now() - failed),
    mostBytesMore: most - before,
    tail: guarded.tail(),
  };
}

process.stdout.write(JSON.stringify(await talk(process.argv.slice(2))), () => process.exit(0));

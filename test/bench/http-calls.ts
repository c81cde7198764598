/**
 * What HTTP a harness asks of its two servers, told on stderr when it ends: a preload, so that any command of any version is counted
 * as it is. `node --import ./test/bench/http-calls.ts bin/faultline.js compare --bus go-nats-go --runs 200 --seed 7`.
 * Both node:http and fetch announce every request to diagnostics_channel.
 */
import { countCalls } from "../http-calls.ts";

const calls = countCalls();
process.on("exit", () => {
  const sorted = [...calls.byKind()].sort(([, a], [, b]) => b - a);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  process.stderr.write(`${JSON.stringify({ total, ...Object.fromEntries(sorted) })}\n`);
});

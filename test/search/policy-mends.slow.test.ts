/**
 * What makes the hardened policy hold: taken back one at a time, each mend is missed by the promise that it was made for. Tries the
 * generator, the model and the properties together; without it "holds over 100,000 runs" could mean that nothing was looked for.
 */
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { checkPolicy } from "../../src/files/policy-schema.ts";
import { brokeText } from "../../src/findings/broke.ts";
import { searchModel } from "../../src/search/random/model.ts";
import { profileNamed } from "../models/cases.ts";

const hardened = bundledPolicy("cordum-hardened") as Policy;
const asFound = bundledPolicy("cordum-as-found") as Policy;
const { deadLetterSubject: _unused, ...consume } = hardened.consume;

const brokenUnder = async (policy: Policy, runsMax: number): Promise<readonly string[]> => {
  const search = { profile: profileNamed("nats-go"), seed: "mends", runsMax, budgetMs: 60_000, judging: {} };
  const { failures } = await searchModel({ ...search, policy, goesOn: true }, () => false);
  return failures.map(one => brokeText(one.broken));
};

test("with every mend in its place nothing breaks", async () => {
  expect(await brokenUnder(hardened, 3_000)).toEqual([]);
});

test.for<readonly [without: string, changed: Partial<Policy>, breaks: string]>([
  [
    "one table for classifier and streams",
    { classifier: asFound.classifier },
    "durable-path/every-declared-durable-subject-has-a-stream",
  ],
  [
    "streams that take nothing else",
    // The consumers stay bound, so the streams are there before the bus.
    { streams: asFound.streams.map(one => ({ ...one, made: "present" })) },
    "durable-path/best-effort-is-not-stored",
  ],
  [
    "a classifier that knows every durable family",
    { classifier: hardened.classifier.slice(1) },
    "durable-path/declared-durable-is-acknowledged",
  ],
  [
    "ids unique to the event",
    { publish: { ...hardened.publish, messageIds: asFound.publish.messageIds } },
    "durable-path/a-distinct-message-is-not-swallowed",
  ],
  [
    "storage that outlives the server",
    { streams: hardened.streams.map(one => ({ ...one, storage: "memory" })) },
    "durable-path/acked-is-never-lost",
  ],
  ["dead letters", { consume: { ...consume, failures: "acknowledged" } }, "durable-path/a-failed-message-is-kept"],
  [
    "consumers that are only bound to",
    { consume: { ...hardened.consume, durables: "created" } },
    "shutdown/stopping-one-replica-harms-no-other",
  ],
  [
    "consumers that are only bound to, after a restart",
    { consume: { ...hardened.consume, durables: "created" } },
    "shutdown/a-restart-replays-no-history",
  ],
  [
    "a probe until JetStream is usable",
    { startup: { ...hardened.startup, jetStreamProbe: "once" } },
    "cold-start/a-late-jetstream-is-used-once-it-is-there",
  ],
  [
    "readiness that knows the durable path",
    { startup: { ...hardened.startup, readiness: "connected" } },
    "cold-start/ready-means-usable",
  ],
  [
    "liveness of its own",
    { startup: { ...hardened.startup, liveness: "as-readiness" } },
    "cold-start/liveness-is-independent-of-nats",
  ],
  [
    "an exit when the client has closed for good",
    { startup: { ...hardened.startup, whenClosed: "ignore" } },
    "cold-start/wrong-credentials-never-look-like-waiting",
  ],
  [
    "a flush before the end",
    { shutdown: { ...hardened.shutdown, strategy: "close", tellsLoss: false } },
    "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
  ],
  [
    "a word about what is lost",
    { shutdown: { ...hardened.shutdown, tellsLoss: false } },
    "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
  ],
  [
    "a word about what is lost at the startup's deadline",
    { shutdown: { ...hardened.shutdown, tellsLoss: false } },
    "cold-start/nothing-is-lost-before-the-first-connection",
  ],
  [
    "an end of the budget that is enforced",
    { shutdown: { ...hardened.shutdown, forced: false } },
    "shutdown/a-stop-ends-within-its-budget",
  ],
])("without %s: broken, as it should be", async ([_without, changed, breaks]) => {
  const policy = checkPolicy({ ...hardened, ...changed }, "changed.json");
  expect(await brokenUnder(policy, 2_000)).toContain(breaks);
});

/** Faults of a service under a policy, in the bus of nats.js 3: how it publishes, handles, starts, answers its probes and stops. */
import type { Cause, LiveMutant, Patch } from "./mutant.ts";
import { neighbours } from "./scenarios.ts";

const cause = (about: string, says: string): Cause => ({ about, says });
const instead =
  (file: string) =>
  (from: string, to: string): readonly Patch[] => [{ file: `typescript-common/${file}.ts`, from, to }];
const inConsume = instead("consume");
const inDurable = instead("durable");
const inHandle = instead("handle");
const inProbes = instead("probes");
const inService = instead("service");
const inStop = instead("stop");

const mutant = (one: Omit<LiveMutant, "bus" | "layer">): LiveMutant => ({
  bus: "typescript-nats-js-3",
  layer: "service",
  ...one,
});

const publishing: readonly LiveMutant[] = [
  {
    name: "js-publishes-durable-subjects-as-core",
    does: "publishes as core NATS what the policy declares durable",
    patches: inService(`if (resolved?.via !== "jetstream")`, `if (resolved?.via !== undefined)`),
    where: "durable-path/an-acknowledged-message-is-stored",
    require: ["durable-path/declared-durable-is-acknowledged"],
    cause: cause(
      "durable-path/declared-durable-is-acknowledged",
      "message 0 on job.a, declared durable, went out as core",
    ),
  },
  {
    name: "js-publishes-without-an-id",
    does: "leaves the message id out",
    patches: inDurable("...(id === undefined ? {} : { msgID: id }),", "...(id === undefined ? {} : {}),"),
    where: "durable-path/a-retry-with-its-id-stores-once",
    require: ["durable-path/a-retry-with-an-id-stores-once"],
    cause: cause("durable-path/a-retry-with-an-id-stores-once", "is stored 2 times within the window"),
  },
  {
    name: "js-has-one-id-for-all",
    does: "gives every message the same id",
    patches: inDurable("{ msgID: id }", `{ msgID: "event" }`),
    where: "durable-path/an-acknowledged-message-is-stored",
    require: ["durable-path/a-distinct-message-is-not-swallowed"],
    cause: cause(
      "durable-path/a-distinct-message-is-not-swallowed",
      "message 1 on job.a was acknowledged as a duplicate",
    ),
  },
  {
    name: "js-has-an-id-for-each-attempt",
    does: "gives each attempt of one message a separate id",
    patches: inDurable(
      "publishAsking(path, message, publish);",
      'publishAsking(path, { ...message, id: message.id + "+".repeat(attempt) }, publish);',
    ),
    where: "durable-path/a-heal-within-the-second-attempt-stores-once",
    require: ["durable-path/a-retry-with-an-id-stores-once"],
    cause: cause("durable-path/a-retry-with-an-id-stores-once", "is stored 2 times within the window"),
  },
  {
    name: "js-makes-one-attempt-too-few",
    does: "gives up one attempt early",
    patches: inDurable("attempt < publish.attemptsMax)", "attempt < publish.attemptsMax - 1)"),
    where: "durable-path/two-attempts-without-an-id-are-two-copies",
    cause: cause("conformance", "message 0"),
  },
  {
    name: "js-makes-one-attempt-too-many",
    does: "makes one attempt more than its policy allows",
    patches: inDurable("attempt < publish.attemptsMax)", "attempt <= publish.attemptsMax)"),
    where: "durable-path/held-and-timed-out-is-stored-when-let-go",
    cause: cause("conformance", "JOBS holds message 0; but the model says nothing more"),
  },
  {
    name: "js-waits-three-times-as-long-for-an-acknowledgement",
    does: "waits three times as long as its policy says for an acknowledgement",
    patches: inDurable("timeout: timeoutMs,", "timeout: 3 * timeoutMs,"),
    where: "durable-path/held-and-timed-out-is-stored-when-let-go",
    cause: cause("conformance", "took"),
  },
  {
    name: "js-says-acked-after-a-timeout",
    does: "says that a message is stored whose acknowledgement did not come",
    patches: inDurable(
      `return { is: "unsettled", kind: isRepeated ? "timeout" : failKindOf(error), text };`,
      `return { is: "acked" };`,
    ),
    where: "shutdown/sigterm-while-down-leaves-durable-publishes-in-doubt",
    require: ["durable-path/acked-is-never-lost"],
    cause: cause(
      "durable-path/acked-is-never-lost",
      "the bus told 1 acknowledgement of JOBS, and the stream has numbered 0",
    ),
  },
  {
    name: "js-says-acked-for-a-full-stream",
    does: "says that a message is stored which the full stream has refused",
    patches: inDurable(
      `return { is: "rejected", kind: refused, text };`,
      `return refused === "stream-full" ? { is: "acked" } : { is: "rejected", kind: refused, text };`,
    ),
    where: "durable-path/a-full-stream-refuses-the-new",
    require: ["durable-path/acked-is-never-lost"],
    cause: cause(
      "durable-path/acked-is-never-lost",
      "the bus told 5 acknowledgements of BOX, and the stream has numbered 3",
    ),
  },
  {
    name: "js-takes-no-responders-for-a-timeout",
    does: "reports a timeout where no stream took the message",
    patches: inDurable(
      `return { is: "rejected", kind: refused, text };`,
      `return { is: "unsettled", kind: "timeout", text };`,
    ),
    where: "durable-path/without-a-stream-nobody-answers",
    require: ["durable-path/no-responders-is-told-as-such"],
    cause: cause("durable-path/no-responders-is-told-as-such", "message 0 on nowhere.a, which no stream takes"),
  },
  {
    name: "js-hides-duplicates",
    does: "does not report that an acknowledgement is that of a duplicate",
    patches: inDurable("return duplicate ?", "return duplicate === null ?"),
    where: "durable-path/an-acknowledged-message-published-again-is-told-as-a-duplicate",
    cause: cause("conformance", "the model says acked as a duplicate; observed acked"),
  },
].map(mutant);

const handling: readonly LiveMutant[] = [
  {
    name: "js-acks-before-its-handler",
    does: "acknowledges a message before its handler has begun",
    patches: inConsume(
      `if (handler === "hangs") hanging++;`,
      `message.ack();\n      if (handler === "hangs") hanging++;`,
    ),
    where: "durable-path/a-failed-message-is-given-again",
    require: ["durable-path/a-failed-message-is-kept"],
    cause: cause("durable-path/a-failed-message-is-kept", "as acknowledged: before their handlers had ended"),
  },
  {
    name: "js-never-acks",
    does: "says that it has acknowledged a message, and has not",
    patches: inHandle("      await work(takesMs);\n      message.ack();\n", "      await work(takesMs);\n"),
    where: "durable-path/a-handled-message-stays-in-its-stream",
    cause: cause("conformance", "is given, for the 2. time, on job.a"),
  },
  {
    name: "js-keeps-no-dead-letter",
    does: "says that a message is a dead letter, and stores none",
    patches: inHandle(
      "await publishDurable(parts, letter, publish);",
      `{ is: "acked", letter, publish, publishDurable };`,
    ),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("durable-path/a-failed-message-is-kept", "message 0 failed, was acknowledged, and DEAD does not hold"),
  },
  {
    name: "js-keeps-dead-letters-without-a-body",
    does: "stores dead letters whose payload is empty",
    patches: inHandle("payload: message.data, id", "payload: new Uint8Array(), id"),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("conformance", "on dead.letters with 16 bytes and arrived on dead.letters with 0 bytes"),
  },
  {
    name: "js-has-one-id-for-all-dead-letters",
    does: "gives all dead letters of a subject one id, so that the stream swallows all but the first",
    patches: inHandle("numberOf(message.data)}`", "0 * numberOf(message.data)}`"),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("durable-path/a-failed-message-is-kept", "message 1 failed, was acknowledged, and DEAD does not hold"),
  },
  {
    name: "js-has-a-durable-for-each-process",
    does: "names the durable consumer after its process",
    patches: inConsume(
      "durable } = resolved;",
      "durable: shared } = resolved;\n  const durable = shared + process.pid;",
    ),
    where: "durable-path/two-replicas-share-one-durable",
    cause: cause("conformance", "is given, for the 1. time, on job.a"),
  },
  {
    name: "js-handles-its-neighbours-messages",
    does: "makes its consumer with a filter that takes every subject of the stream",
    patches: inConsume("filter_subject: subject,", `filter_subject: "job.>",`),
    where: neighbours,
    cause: cause("conformance", "on job.a, and acked: message 3"),
  },
].map(mutant);

const starting: readonly LiveMutant[] = [
  {
    name: "js-is-ready-before-it-is-connected",
    does: "says that it is ready while it is not connected",
    patches: inProbes(
      "const ready = await isReady(parts);",
      "const ready = parts.jsm === null || (await isReady(parts));",
    ),
    where: "cold-start/a-server-that-comes-late-is-met-within-the-deadline",
    cause: cause("cold-start/ready-means-usable", "says that it is ready, and its client is not connected"),
  },
  {
    name: "js-is-dead-while-it-reconnects",
    does: "says that it is not alive while NATS is away",
    patches: inProbes(`live: parts.policy.startup.liveness === "independent" || ready`, "live: ready"),
    where: "cold-start/a-server-that-comes-late-is-met-within-the-deadline",
    cause: cause("cold-start/liveness-is-independent-of-nats", "says that it is not alive"),
  },
  {
    name: "js-misses-its-deadline",
    does: "goes on waiting for NATS after the deadline of its start",
    patches: inService(`setTimeout(() => this.#finish("startup"), deadlineMs)`, "setTimeout(() => {}, deadlineMs)"),
    where: "cold-start/a-server-that-does-not-come-ends-the-start-at-the-deadline",
    cause: cause("cold-start/retry-with-deadline-connects-or-exits", "its bound is 1500 ms"),
  },
  {
    name: "js-ends-a-failed-start-with-code-0",
    does: "ends with exit code 0 though its start has failed",
    patches: inService(`because === "stopped" ? 0 : 1`, `because === "stopped" ? 0 : 0`),
    where: "cold-start/a-closed-port-ends-a-fail-fast-start",
    cause: cause("conformance", "observed replica 0 exited startup, with code 0"),
  },
  {
    name: "js-hides-that-its-credentials-were-refused",
    does: "reports refused credentials as a start that failed",
    patches: inService(
      `if (!this.#stopping) this.#finish(this.#natsJs.errors.isCredentialsError(error) ? "credentials" : "startup");`,
      `if (!this.#stopping) this.#finish("startup");`,
    ),
    where: "cold-start/wrong-credentials-end-a-fail-fast-start",
    require: ["cold-start/wrong-credentials-never-look-like-waiting"],
    cause: cause("cold-start/wrong-credentials-never-look-like-waiting", "was refused its credentials"),
  },
].map(mutant);

const stopping: readonly LiveMutant[] = [
  {
    name: "js-leaves-before-its-handlers",
    does: "does not wait for the handlers at work when it stops",
    patches: inStop("  await Promise.all(parts.subscriptions.map(subscription => subscription.handled()));\n", ""),
    where: "shutdown/four-steps-wait-for-a-handler-at-work",
    cause: cause("shutdown/a-stop-waits-for-its-handlers", "in the middle of its work of 400 ms"),
  },
  {
    name: "js-ignores-its-budget",
    does: "goes on stopping after its budget is spent",
    patches: inService("const budget = forced ?", "const budget = forced && budgetMs < 0 ?"),
    where: "shutdown/a-hung-handler-is-ended-by-the-budget",
    cause: cause("shutdown/a-stop-ends-within-its-budget", "outlasted its budget of 800 ms"),
  },
  {
    name: "js-tells-of-one-loss-too-few",
    does: "counts one lost message less than it has lost",
    patches: inService("tellsLoss ? this.#unanswered.count()", "tellsLoss ? Math.max(0, this.#unanswered.count() - 1)"),
    where: "shutdown/sigterm-by-four-steps-while-down-loses-what-was-kept",
    cause: cause("conformance", "19 told lost"),
  },
  {
    name: "js-takes-publishes-while-it-stops",
    does: "accepts publishes after it was told to stop",
    patches: inService(
      `if (this.#stopping && this.#policy.shutdown.intake !== "open") return`,
      `if (this.#stopping && this.#policy.shutdown.intake === "shut") return`,
    ),
    where: "shutdown/a-publish-during-a-stop-is-refused",
    require: ["shutdown/nothing-is-accepted-after-intake-stopped"],
    cause: cause("shutdown/nothing-is-accepted-after-intake-stopped", "after the stop had begun"),
  },
].map(mutant);

export const typescriptServiceMutants: readonly LiveMutant[] = [...publishing, ...handling, ...starting, ...stopping];

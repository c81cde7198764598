/** Faults of a service under a policy, in the bus of nats.go: how it publishes, handles, starts, answers its probes and stops. */
import type { Cause, LiveMutant, Patch } from "./mutant.ts";
import { neighbours } from "./scenarios.ts";

const cause = (about: string, says: string): Cause => ({ about, says });
const instead =
  (file: string) =>
  (from: string, to: string): readonly Patch[] => [{ file: `go-nats-go/${file}.go`, from, to }];
const inConsume = instead("consume");
const inDurable = instead("durable");
const inHandle = instead("handle");
const inPolicy = instead("policy");
const inProcess = instead("process");

const mutant = (one: Omit<LiveMutant, "bus" | "layer">): LiveMutant => ({
  bus: "go-nats-go",
  layer: "service",
  ...one,
});

const publishing: readonly LiveMutant[] = [
  {
    name: "go-publishes-durable-subjects-as-core",
    does: "publishes as core NATS what the policy declares durable",
    patches: inDurable(`p.currentPath() == "core":`, `p.currentPath() != "":`),
    where: "durable-path/an-acknowledged-message-is-stored",
    require: ["durable-path/declared-durable-is-acknowledged"],
    cause: cause("durable-path/declared-durable-is-acknowledged", "message 0"),
  },
  {
    name: "go-publishes-without-an-id",
    does: "leaves the message id out",
    patches: inDurable("m.Header = nats.Header{nats.MsgIdHdr: []string{id}}", "m.Header = nats.Header{}"),
    where: "durable-path/a-retry-with-its-id-stores-once",
    require: ["durable-path/a-retry-with-an-id-stores-once"],
    cause: cause("durable-path/a-retry-with-an-id-stores-once", "is stored 2 times within the window"),
  },
  {
    name: "go-has-one-id-for-all",
    does: "gives every message the same id",
    patches: inPolicy(`texts = append(texts, "event:"+strconv.Itoa(number))`, `texts = append(texts, "event")`),
    where: "durable-path/an-acknowledged-message-is-stored",
    require: ["durable-path/a-distinct-message-is-not-swallowed"],
    cause: cause("durable-path/a-distinct-message-is-not-swallowed", "message 1"),
  },
  {
    name: "go-has-an-id-for-each-attempt",
    does: "gives each attempt of one message a separate id",
    patches: inDurable(
      "told := p.publishOnce(subject, payload, id)",
      `told := p.publishOnce(subject, payload, id+strings.Repeat("+", attempt-1))`,
    ),
    where: "durable-path/a-heal-within-the-second-attempt-stores-once",
    require: ["durable-path/a-retry-with-an-id-stores-once"],
    cause: cause("durable-path/a-retry-with-an-id-stores-once", "is stored 2 times within the window"),
  },
  {
    name: "go-makes-one-attempt-too-few",
    does: "gives up one attempt early",
    patches: inDurable("attempt < p.policy.Publish.AttemptsMax:", "attempt < p.policy.Publish.AttemptsMax-1:"),
    where: "durable-path/two-attempts-without-an-id-are-two-copies",
    cause: cause("conformance", "; the model says 1400 ms"),
  },
  {
    name: "go-makes-one-attempt-too-many",
    does: "makes one attempt more than its policy allows",
    patches: inDurable("attempt < p.policy.Publish.AttemptsMax:", "attempt <= p.policy.Publish.AttemptsMax:"),
    where: "durable-path/held-and-timed-out-is-stored-when-let-go",
    cause: cause("conformance", "JOBS holds message 0; but the model says nothing more"),
  },
  {
    name: "go-waits-three-times-as-long-for-an-acknowledgement",
    does: "waits three times as long as its policy says for an acknowledgement",
    patches: inProcess("nats.MaxWait(ackTimeout)", "nats.MaxWait(3*ackTimeout)"),
    where: "durable-path/held-and-timed-out-is-stored-when-let-go",
    cause: cause("conformance", "took"),
  },
  {
    name: "go-does-not-wait-long-enough-for-an-acknowledgement",
    does: "waits for an acknowledgement a seventh of the time that its policy says",
    patches: inProcess("nats.MaxWait(ackTimeout)", "nats.MaxWait(ackTimeout/7)"),
    where: "durable-path/held-and-timed-out-is-stored-when-let-go",
    cause: cause("conformance", "took"),
  },
  {
    name: "go-says-acked-after-a-timeout",
    does: "says that a message is stored whose acknowledgement did not come",
    patches: inDurable(`return unsettled("timeout", err)`, `return outcome{Is: "acked"}`),
    where: "shutdown/sigterm-while-down-leaves-durable-publishes-in-doubt",
    require: ["durable-path/acked-is-never-lost"],
    cause: cause(
      "durable-path/acked-is-never-lost",
      "the bus told 1 acknowledgement of JOBS, and the stream has numbered 0",
    ),
  },
  {
    name: "go-says-acked-for-a-full-stream",
    does: "says that a message is stored which the full stream has refused",
    patches: inDurable(`return rejected("stream-full", err)`, `return outcome{Is: "acked"}`),
    where: "durable-path/a-full-stream-refuses-the-new",
    require: ["durable-path/acked-is-never-lost"],
    cause: cause(
      "durable-path/acked-is-never-lost",
      "the bus told 5 acknowledgements of BOX, and the stream has numbered 3",
    ),
  },
  {
    name: "go-takes-no-responders-for-a-timeout",
    does: "reports a timeout where no stream took the message",
    patches: inDurable(`return rejected("no-responders", err)`, `return unsettled("timeout", err)`),
    where: "durable-path/without-a-stream-nobody-answers",
    require: ["durable-path/no-responders-is-told-as-such"],
    cause: cause("durable-path/no-responders-is-told-as-such", "message 0"),
  },
  {
    name: "go-hides-duplicates",
    does: "does not report that an acknowledgement is that of a duplicate",
    patches: inDurable(`return outcome{Is: "acked", Duplicate: ack.Duplicate}`, `return outcome{Is: "acked"}`),
    where: "durable-path/an-acknowledged-message-published-again-is-told-as-a-duplicate",
    cause: cause("conformance", "duplicate"),
  },
].map(mutant);

const handling: readonly LiveMutant[] = [
  {
    name: "go-acks-before-its-handler",
    does: "acknowledges a message before its handler has begun",
    patches: [
      ...inConsume("handle(delivery{\n", "m.Ack()\n\t\t\t\thandle(delivery{\n"),
      ...inConsume("func() error { return m.Ack() }", "func() error { return nil }"),
    ],
    where: "durable-path/a-failed-message-is-given-again",
    require: ["durable-path/a-failed-message-is-kept"],
    cause: cause("durable-path/a-failed-message-is-kept", "as acknowledged: before their handlers had ended"),
  },
  {
    name: "go-never-acks",
    does: "says that it has acknowledged a message, and has not",
    patches: inConsume("func() error { return m.Ack() }", "func() error { return nil }"),
    where: "durable-path/a-handled-message-stays-in-its-stream",
    cause: cause("conformance", "is given, for the 2. time, on job.a"),
  },
  {
    name: "go-keeps-no-dead-letter",
    does: "says that a message is a dead letter, and stores none",
    patches: inHandle(
      `if p.publishDurable(p.policy.Consume.DeadLetterSubject, one.data, id, tellNobody).Is == "acked" {`,
      `if id != "" {`,
    ),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("durable-path/a-failed-message-is-kept", "message 0 failed, was acknowledged, and DEAD does not hold"),
  },
  {
    name: "go-keeps-dead-letters-without-a-body",
    does: "stores dead letters whose payload is empty",
    patches: inHandle("DeadLetterSubject, one.data, id,", "DeadLetterSubject, nil, id,"),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("conformance", "on dead.letters with 16 bytes and arrived on dead.letters with 0 bytes"),
  },
  {
    name: "go-has-one-id-for-all-dead-letters",
    does: "gives all dead letters of a subject one id, so that the stream swallows all but the first",
    patches: inHandle("strconv.Itoa(number)", "strconv.Itoa(0*number)"),
    where: "durable-path/a-failed-message-is-kept-as-a-dead-letter",
    cause: cause("durable-path/a-failed-message-is-kept", "message 1 failed, was acknowledged, and DEAD does not hold"),
  },
  {
    name: "go-has-a-durable-for-each-process",
    does: "names the durable consumer after its process",
    patches: inPolicy(
      `return "faultline_" + strings.Map(`,
      `return fmt.Sprintf("faultline_%d_", time.Now().UnixNano()) + strings.Map(`,
    ),
    where: "durable-path/two-replicas-share-one-durable",
    cause: cause("conformance", "is given, for the 1. time, on job.a"),
  },
  {
    name: "go-binds-to-a-durable-that-is-not-there",
    does: "binds to a consumer by another name than the operator's",
    patches: inConsume(
      "js.Consumer(ctx, stream, durableName(subject))",
      `js.Consumer(ctx, stream, durableName(subject+"s"))`,
    ),
    where: "shutdown/a-restart-with-a-bound-durable-replays-no-history",
    cause: cause("conformance", "subscribe failed"),
  },
  {
    name: "go-handles-its-neighbours-messages",
    does: "makes its consumer with a filter that takes every subject of the stream",
    patches: inConsume("p.js.QueueSubscribe(subject, name,", `p.js.QueueSubscribe("job.>", name,`),
    where: neighbours,
    cause: cause("conformance", "on job.a, and acked: message 3"),
  },
].map(mutant);

const starting: readonly LiveMutant[] = [
  {
    name: "go-is-ready-before-it-is-connected",
    does: "says that it is ready while it is not connected",
    patches: inProcess(
      `return p.currentPath() != "core" && p.client() != nil && p.streamsAreThere(probeBound)`,
      "return true",
    ),
    where: "cold-start/a-server-that-comes-late-is-met-within-the-deadline",
    cause: cause("cold-start/ready-means-usable", "ready"),
  },
  {
    name: "go-is-dead-while-it-reconnects",
    does: "says that it is not alive while NATS is away",
    patches: inProcess(`"live": ready || p.policy.Startup.Liveness == "independent"`, `"live": ready`),
    where: "cold-start/a-server-that-comes-late-is-met-within-the-deadline",
    cause: cause("cold-start/liveness-is-independent-of-nats", "alive"),
  },
  {
    name: "go-asks-for-jetstream-once",
    does: "asks once for its streams, and is core NATS for life where they come later",
    patches: inProcess(
      "for !p.streamsAreThere(p.policy.ackTimeout()) {",
      `if !p.streamsAreThere(p.policy.ackTimeout()) {
		p.decide("core")
		return
	}
	for p.path == "core" {`,
    ),
    where: "cold-start/asked-until-usable-a-late-jetstream-is-used",
    require: ["cold-start/a-late-jetstream-is-used-once-it-is-there"],
    cause: cause("cold-start/a-late-jetstream-is-used-once-it-is-there", "core"),
  },
  {
    name: "go-misses-its-deadline",
    does: "goes on waiting for NATS after the deadline of its start",
    patches: inProcess(`p.fail("startup")\n\t}`, "}"),
    where: "cold-start/a-server-that-does-not-come-ends-the-start-at-the-deadline",
    cause: cause("cold-start/retry-with-deadline-connects-or-exits", "1500"),
  },
  {
    name: "go-ends-a-failed-start-with-code-0",
    does: "ends with exit code 0 though its start has failed",
    patches: inProcess("p.end(because, 1, false)", "p.end(because, 0, false)"),
    where: "cold-start/a-closed-port-ends-a-fail-fast-start",
    cause: cause("conformance", "code 0"),
  },
  {
    name: "go-hides-that-its-credentials-were-refused",
    does: "reports refused credentials as a start that failed",
    patches: inProcess(`return "credentials"`, "return otherwise"),
    where: "cold-start/wrong-credentials-end-a-fail-fast-start",
    require: ["cold-start/wrong-credentials-never-look-like-waiting"],
    cause: cause("cold-start/wrong-credentials-never-look-like-waiting", "credentials"),
  },
  {
    name: "go-lives-on-without-its-client",
    does: "goes on after its client has closed for good",
    patches: inProcess(`p.policy.Startup.WhenClosed == "exit" {`, `p.policy.Startup.WhenClosed == "never" {`),
    where: "cold-start/wrong-credentials-end-a-start-that-retries",
    require: ["cold-start/wrong-credentials-never-look-like-waiting"],
    cause: cause("cold-start/wrong-credentials-never-look-like-waiting", "credentials"),
  },
].map(mutant);

const stopping: readonly LiveMutant[] = [
  {
    name: "go-leaves-before-its-handlers",
    does: "does not wait for the handlers at work when it stops",
    patches: inProcess("\t\t\t<-each.drained()", "\t\t\t_ = each.drained"),
    where: "shutdown/four-steps-wait-for-a-handler-at-work",
    cause: cause("shutdown/a-stop-waits-for-its-handlers", "in the middle of its work of 400 ms"),
  },
  {
    name: "go-ignores-its-budget",
    does: "goes on stopping after its budget is spent",
    patches: inProcess("if shutdown.Forced {", "if shutdown.Forced && shutdown.BudgetMs < 0 {"),
    where: "shutdown/a-hung-handler-is-ended-by-the-budget",
    cause: cause("shutdown/a-stop-ends-within-its-budget", "800 ms"),
  },
  {
    name: "go-tells-of-one-loss-too-few",
    does: "counts one lost message less than it has lost",
    patches: inProcess(
      "lost = p.accepted.Load() - p.covered.Load()",
      "lost = max(0, p.accepted.Load()-p.covered.Load()-1)",
    ),
    where: "shutdown/sigterm-by-four-steps-while-down-loses-what-was-kept",
    cause: cause("shutdown/nothing-accepted-is-lost-in-silence-by-a-stop", "19"),
  },
  {
    name: "go-takes-publishes-while-it-stops",
    does: "accepts publishes after it was told to stop",
    patches: inDurable(
      `if p.isStopping() && p.policy.Shutdown.Intake != "open" {`,
      `if p.isStopping() && p.policy.Shutdown.Intake == "shut" {`,
    ),
    where: "shutdown/a-publish-during-a-stop-is-refused",
    require: ["shutdown/nothing-is-accepted-after-intake-stopped"],
    cause: cause("shutdown/nothing-is-accepted-after-intake-stopped", "accepted"),
  },
  {
    name: "go-stops-without-its-flush",
    does: "closes without the flush that its stop ends with",
    patches: inProcess("\t\tp.flushAtLast(nc)\n", ""),
    where: "shutdown/sigterm-by-four-steps-while-down-loses-what-was-kept",
    cause: cause("conformance", "forced"),
  },
].map(mutant);

export const goServiceMutants: readonly LiveMutant[] = [...publishing, ...handling, ...starting, ...stopping];

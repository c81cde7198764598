/** Faults of client and wrapper, in the bus of nats.js 3: its calls, what it says of them, and the events that it forwards. */
import { cut, flush, heal, hold, publish, scenarioWith, start } from "../models/cases.ts";
import type { Cause, LiveMutant, Patch } from "./mutant.ts";

const file = "typescript-common/bus.ts";
const instead = (from: string, to: string): Patch => ({ file, from, to });
const cause = (about: string, says: string): Cause => ({ about, says });

const publishCall = "    nc.publish(subject, payload);\n    return accepted;";
const disconnectReport = `if (type === "disconnect") change("disconnected");`;
const reconnectReport = `if (type === "reconnect") change("reconnected");`;
const closedReport = `void nc.closed().then(() => change("closed"));`;

const mutant = (
  layer: "client" | "wrapper",
  one: Pick<LiveMutant, "name" | "does" | "patches" | "where" | "cause" | "survives">,
): LiveMutant => ({ bus: "typescript-nats-js-3", layer, ...one });

const client: readonly LiveMutant[] = [
  {
    name: "js-sends-everything-again-after-a-reconnect",
    does: "sends again, after a reconnect, what had arrived before",
    patches: [
      instead(
        "const accepted: Said<Outcome>",
        "const kept: [string, Uint8Array][] = [];\nconst accepted: Said<Outcome>",
      ),
      instead(publishCall, "    kept.push([subject, payload]);\n".concat(publishCall)),
      instead(
        reconnectReport,
        `${reconnectReport}\n      if (type === "reconnect") for (const each of kept) nc.publish(...each);`,
      ),
    ],
    where: "reconnect-buffer/a-flushed-message-is-not-touched-by-a-later-outage",
    cause: cause("core-path/no-message-is-delivered-twice", "message 0 arrived 2 times"),
  },
  {
    name: "js-lengthens-payloads",
    does: "sends one byte more than it is given",
    patches: [
      {
        file: "typescript-common/burst.ts",
        from: "new Uint8Array(bytes).fill(",
        to: "new Uint8Array(bytes + 1).fill(",
      },
    ],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("conformance", "with 16 bytes and arrived on"),
  },
  {
    name: "js-publishes-on-another-subject",
    does: "publishes one message of ten on another subject",
    patches: [
      instead(
        publishCall,
        publishCall.replace("publish(subject,", 'publish(payload[7] === 0x37 ? subject.concat("x") : subject,'),
      ),
    ],
    where: "core-path/publishers-at-once-each-keep-their-order",
    cause: cause("core-path/flushed-messages-arrive", "message 7 was flushed"),
  },
  {
    name: "js-sends-a-burst-backwards",
    does: "sends the messages of one burst in the reverse order",
    patches: [instead("tallyOf(payloadsOf(command).map(", "tallyOf(payloadsOf(command).toReversed().map(")],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("core-path/order-is-kept", "after message"),
  },
  {
    name: "js-dials-after-its-close",
    does: "opens a connection again after it was closed",
    patches: [
      instead(
        "session.nc = nc;",
        "session.nc = nc;\n    void nc.closed().then(() => session.ended || client.connect(session.options));",
      ),
    ],
    where: "shutdown/a-publish-after-close-is-refused",
    cause: cause("connection/a-closed-client-stays-closed", "connected again"),
  },
  {
    name: "js-gives-up-one-attempt-early",
    does: "gives up after one attempt fewer than it was told",
    patches: [
      instead(
        "maxReconnectAttempts: options.reconnectAttemptsMax,",
        "maxReconnectAttempts: Math.max(options.reconnectAttemptsMax - 1, -1),",
      ),
    ],
    where: "connection/two-attempts-that-fail-are-the-last",
    cause: cause("connection/it-gives-up-after-its-attempts", "gave up after"),
  },
  {
    name: "js-never-gives-up",
    does: "dials for ever though its attempts are limited",
    patches: [instead("maxReconnectAttempts: options.reconnectAttemptsMax,", "maxReconnectAttempts: -1,")],
    where: "connection/two-attempts-that-fail-are-the-last",
    cause: cause("connection/giving-up-is-visible", "its attempts are spent and its last word is"),
  },
  {
    name: "js-notices-no-silence",
    does: "does not count the PINGs that are not answered",
    patches: [instead("{ maxPingOut: options.pingsOutMax }", "{ maxPingOut: options.pingsOutMax + 100 }")],
    where: "core-path/a-blackhole-loses-all-until-it-is-noticed",
    cause: cause("connection/a-silent-link-is-noticed", "not noticed"),
  },
  {
    name: "js-crashes-on-its-reconnect",
    does: "ends with an error when its client has reconnected",
    patches: [instead(reconnectReport, `if (type === "reconnect") throw new Error("reconnected");`)],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "by itself"),
  },
].map(one => mutant("client", one));

const wrapper: readonly LiveMutant[] = [
  {
    name: "js-swallows-the-error-of-a-publish",
    does: "says accepted where the client has thrown",
    patches: [instead(`{ is: "rejected", kind, text };`, "accepted;")],
    where: "connection/giving-up-closes-and-refuses",
    cause: cause("conformance", "the model says rejected closed; observed accepted"),
  },
  {
    name: "js-says-ok-to-a-flush-that-failed",
    does: "reports a flush as done that a cut has ended",
    patches: [
      instead(
        'return { outcome: { is: "failed", kind: client.failKindOf(error), text: textOf(error) } };',
        'return { outcome: { is: "ok" } };',
      ),
    ],
    where: "core-path/a-flush-that-a-cut-meets-fails",
    cause: cause("conformance", "the model says flush failed disconnected; observed flush ok"),
  },
  {
    name: "js-rejects-what-it-has-sent",
    does: "says of a message that it has handed on that nothing was handed on",
    patches: [
      instead(
        publishCall,
        publishCall.replace(
          "return accepted;",
          `return payload[7] === 0x35 ? { is: "rejected", kind: "closed" } : accepted;`,
        ),
      ),
    ],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("core-path/an-error-that-proves-nothing-happened-is-true", "message 5 was rejected, and arrived"),
  },
  {
    name: "js-lets-each-publisher-go-backwards",
    does: "sends the messages of one publisher in the reverse order",
    patches: [instead("for (const payload of payloads) {", "for (const payload of payloads.toReversed()) {")],
    where: "core-path/publishers-at-once-each-keep-their-order",
    cause: cause("core-path/order-is-kept", "after message"),
  },
  {
    name: "js-forwards-no-disconnect",
    does: "does not forward that the client was disconnected",
    patches: [instead(disconnectReport, "")],
    where: scenarioWith([start, flush(), hold, publish(10), cut("none"), heal()]),
    cause: cause("connection/only-legal-transitions", "reconnected after connected"),
  },
  {
    name: "js-forwards-no-end",
    does: "does not forward that the client has closed for good",
    patches: [instead(closedReport, "")],
    where: "connection/two-attempts-that-fail-are-the-last",
    cause: cause("connection/giving-up-is-visible", "its attempts are spent and its last word is disconnected"),
  },
  {
    name: "js-forwards-each-reconnect-twice",
    does: "forwards one reconnect of the client as two",
    patches: [instead(reconnectReport, `${reconnectReport}\n      ${reconnectReport}`)],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "said 2 times in a row that it was reconnected; it may say so once"),
  },
  {
    name: "js-forwards-each-report-twice",
    does: "forwards each disconnect and each reconnect of the client as two",
    patches: [
      instead(disconnectReport, `${disconnectReport}\n      ${disconnectReport}`),
      instead(reconnectReport, `${reconnectReport}\n      ${reconnectReport}`),
    ],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "said 2 times in a row that it was disconnected; it may say so once"),
  },
].map(one => mutant("wrapper", one));

export const typescriptClientMutants: readonly LiveMutant[] = [...client, ...wrapper];

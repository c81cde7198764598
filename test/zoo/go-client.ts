/** Faults of client and wrapper, in the bus of nats.go: its calls, what it says of them, and the events that it forwards. */
import { cut, flush, heal, hold, publish, scenarioWith, start } from "../models/cases.ts";
import type { Cause, LiveMutant, Patch } from "./mutant.ts";

const file = "go-nats-go/connection.go";
const instead = (from: string, to: string): Patch => ({ file, from, to });

const publishCall = "return publishOutcome(c.nc.Publish(asked.Subject, payload))";
const reconnectHandler = `nats.ReconnectHandler(func(*nats.Conn) { change("reconnected") }),`;
/** A list of messages beside the client's own. */
const ownList = instead("\tended bool\n}", "\tended bool\n\tkept  []*nats.Msg\n}");
const keepsIt = `c.mu.Lock()
		c.kept = append(c.kept, &nats.Msg{Subject: asked.Subject, Data: bytes.Clone(payload)})
		c.mu.Unlock()
		`;

const mutant = (
  layer: "client" | "wrapper",
  one: Pick<LiveMutant, "name" | "does" | "patches" | "where" | "cause" | "survives">,
): LiveMutant => ({ bus: "go-nats-go", layer, ...one });
const cause = (about: string, says: string): Cause => ({ about, says });

const client: readonly LiveMutant[] = [
  {
    name: "go-drops-its-reconnect-buffer",
    does: "drops in silence what it accepts while it is down",
    patches: [instead(publishCall, `if !c.isUp() {\n\t\t\treturn outcome{Is: "accepted"}\n\t\t}\n\t\t${publishCall}`)],
    where: "reconnect-buffer/published-while-down",
    cause: cause("reconnect-buffer/below-the-limit-all-arrive-in-order", "message 0"),
  },
  {
    name: "go-replays-its-buffer-backwards",
    does: "sends what it kept while it was down in the reverse order",
    patches: [
      ownList,
      instead(publishCall, `if !c.isUp() {\n\t\t\t${keepsIt}return outcome{Is: "accepted"}\n\t\t}\n\t\t${publishCall}`),
      instead(
        reconnectHandler,
        `nats.ReconnectHandler(func(nc *nats.Conn) {
			for i := len(c.kept) - 1; i >= 0; i-- {
				nc.PublishMsg(c.kept[i])
			}
			change("reconnected")
		}),`,
      ),
    ],
    where: "reconnect-buffer/published-while-down",
    cause: cause("core-path/order-is-kept", "after"),
  },
  {
    name: "go-doubles-its-buffer",
    does: "sends what it kept while it was down twice",
    patches: [
      ownList,
      instead(publishCall, `if !c.isUp() {\n\t\t\t${keepsIt}}\n\t\t${publishCall}`),
      instead(
        reconnectHandler,
        `nats.ReconnectHandler(func(nc *nats.Conn) {
			for _, one := range c.kept {
				nc.PublishMsg(one)
			}
			change("reconnected")
		}),`,
      ),
    ],
    where: "reconnect-buffer/published-while-down",
    cause: cause("core-path/no-message-is-delivered-twice", "message 0 arrived 2 times"),
  },
  {
    name: "go-has-a-buffer-of-one-byte-more",
    does: "takes a buffer limit that is one byte too large",
    patches: [
      instead(
        "nats.ReconnectBufSize(*o.ReconnectBufferBytesMax)",
        "nats.ReconnectBufSize(*o.ReconnectBufferBytesMax + 1)",
      ),
    ],
    where: "reconnect-buffer/a-limit-of-1020-takes-30-frames-of-34-bytes",
    cause: cause("reconnect-buffer/the-first-refusal-is-where-predicted", "message 30 was accepted with 1020 of 1020"),
  },
  {
    name: "go-keeps-a-buffer-that-is-switched-off",
    does: "keeps messages while it is down though its buffer is disabled",
    patches: [
      instead(
        "if o.ReconnectBufferBytesMax != nil {",
        "if o.ReconnectBufferBytesMax != nil && *o.ReconnectBufferBytesMax > 0 {",
      ),
    ],
    where: "reconnect-buffer/a-limit-of-minus-1-refuses-every-publish",
    cause: cause("reconnect-buffer/the-first-refusal-is-where-predicted", "message 0 was accepted with 0 of 0 bytes"),
  },
  {
    name: "go-cuts-payloads",
    does: "cuts the last byte of every payload",
    patches: [instead(publishCall, publishCall.replace("payload", "payload[:len(payload)-1]"))],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("conformance", "with 16 bytes and arrived on"),
  },
  {
    name: "go-publishes-on-another-subject",
    does: "publishes one message of ten on another subject",
    patches: [
      instead(
        publishCall,
        `subject := asked.Subject
		if payload[numberDigits-1] == '7' {
			subject += "x"
		}
		return publishOutcome(c.nc.Publish(subject, payload))`,
      ),
    ],
    where: "core-path/publishers-at-once-each-keep-their-order",
    cause: cause("core-path/flushed-messages-arrive", "message 7 was flushed"),
  },
  {
    name: "go-dials-after-its-close",
    does: "opens a connection again after it was closed",
    patches: [
      instead(
        "c.nc.Close()\n\t\t<-c.closed\n\t\treturn ok",
        `again := c.nc.Opts
		c.nc.Close()
		<-c.closed
		again.ClosedCB, again.ConnectedCB, again.ReconnectedCB, again.DisconnectedErrCB = nil, nil, nil, nil
		again.Connect()
		return ok`,
      ),
    ],
    where: "shutdown/a-publish-after-close-is-refused",
    cause: cause("connection/a-closed-client-stays-closed", "connected again"),
  },
  {
    name: "go-gives-up-one-attempt-early",
    does: "gives up after one attempt fewer than it was told",
    patches: [
      instead("nats.MaxReconnects(o.ReconnectAttemptsMax)", "nats.MaxReconnects(max(o.ReconnectAttemptsMax-1, -1))"),
    ],
    where: "connection/two-attempts-that-fail-are-the-last",
    cause: cause("connection/it-gives-up-after-its-attempts", "gave up after 1 dial; its attempts allow 2"),
  },
  {
    name: "go-never-gives-up",
    does: "dials for ever though its attempts are limited",
    patches: [instead("nats.MaxReconnects(o.ReconnectAttemptsMax)", "nats.MaxReconnects(-1)")],
    where: "connection/two-attempts-that-fail-are-the-last",
    cause: cause("connection/giving-up-is-visible", "its attempts are spent and its last word is reconnected"),
  },
  {
    name: "go-notices-no-silence",
    does: "does not count the PINGs that are not answered",
    patches: [instead("nats.MaxPingsOutstanding(*o.PingsOutMax)", "nats.MaxPingsOutstanding(*o.PingsOutMax + 100)")],
    where: "core-path/a-blackhole-loses-all-until-it-is-noticed",
    cause: cause("connection/a-silent-link-is-noticed", "not noticed"),
  },
  {
    name: "go-crashes-on-its-reconnect",
    does: "panics in its reconnect callback",
    patches: [instead(reconnectHandler, `nats.ReconnectHandler(func(*nats.Conn) { panic("reconnected") }),`)],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "by itself"),
  },
].map(one => mutant("client", one));

const wrapper: readonly LiveMutant[] = [
  {
    name: "go-swallows-a-full-buffer",
    does: "says accepted where the client's buffer was full",
    patches: [instead(`return rejected("buffer-full", err)`, `return outcome{Is: "accepted"}`)],
    where: "reconnect-buffer/a-limit-of-1024-takes-31-frames-of-34-bytes",
    cause: cause("reconnect-buffer/the-first-refusal-is-where-predicted", "message 31 was accepted with 1054 of 1024"),
  },
  {
    name: "go-tells-of-nothing-unsent",
    does: "says of a drain that failed that nothing was left unsent",
    patches: [instead(`"unsent": map[string]int{"bytes": kept}`, `"unsent": map[string]int{"bytes": kept - kept}`)],
    where: "shutdown/drain-while-down-loses-what-was-kept",
    cause: cause(
      "reconnect-buffer/a-drain-tells-of-all-that-it-leaves-unsent",
      "the drain lost 20 messages of 680 bytes",
    ),
  },
  {
    name: "go-swallows-a-closed-connection",
    does: "says accepted where the client has given up",
    patches: [instead(`return rejected("closed", err)`, `return outcome{Is: "accepted"}`)],
    where: "connection/giving-up-closes-and-refuses",
    cause: cause("conformance", "the model says rejected closed; observed accepted"),
  },
  {
    name: "go-says-ok-to-a-flush-that-failed",
    does: "reports a flush as done that a cut has ended",
    patches: [instead(`return failed("disconnected", err)`, "return ok")],
    where: "core-path/a-flush-that-a-cut-meets-fails",
    cause: cause("conformance", "the model says flush failed disconnected; observed flush ok"),
  },
  {
    name: "go-rejects-what-it-has-sent",
    does: "says of a message that it has handed on that nothing was handed on",
    patches: [
      instead(
        publishCall,
        `told := publishOutcome(c.nc.Publish(asked.Subject, payload))
		if payload[numberDigits-1] == '5' {
			return rejected("closed", nats.ErrConnectionClosed)
		}
		return told`,
      ),
    ],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("core-path/an-error-that-proves-nothing-happened-is-true", "message 5"),
  },
  {
    name: "go-publishes-again-after-a-flush-that-timed-out",
    does: "repeats a burst blindly when its flush has timed out",
    patches: [
      ownList,
      instead(publishCall, `${keepsIt}${publishCall}`),
      instead(
        `return failed("timeout", err)`,
        `for _, one := range c.kept {
				c.nc.PublishMsg(one)
			}
			return failed("timeout", err)`,
      ),
    ],
    where: scenarioWith([start, flush(), hold, publish(10), flush(100), heal()]),
    cause: cause("core-path/no-message-is-delivered-twice", "message 0 arrived 2 times"),
  },
  {
    name: "go-lets-each-publisher-go-backwards",
    does: "sends the messages of one publisher in the reverse order",
    patches: [
      instead(
        "told[i] = burst(own, func(payload []byte, _ int) outcome {",
        `told[i] = burst(own, func(payload []byte, number int) outcome {
				putNumber(payload[:numberDigits], 2*own.First+own.Count-1-number)`,
      ),
    ],
    where: "core-path/publishers-at-once-each-keep-their-order",
    cause: cause("core-path/order-is-kept", "after"),
  },
  {
    name: "go-forwards-no-disconnect",
    does: "does not forward that the client was disconnected",
    patches: [instead(`change("disconnected")`, "")],
    where: scenarioWith([start, flush(), hold, publish(10), cut("none"), heal()]),
    cause: cause("connection/only-legal-transitions", "reconnected after connected"),
  },
  {
    name: "go-forwards-each-reconnect-twice",
    does: "forwards one reconnect of the client as two",
    patches: [
      instead(
        reconnectHandler,
        `nats.ReconnectHandler(func(*nats.Conn) {\n\t\t\tchange("reconnected")\n\t\t\tchange("reconnected")\n\t\t}),`,
      ),
    ],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "said 2 times in a row that it was reconnected; it may say so once"),
  },
  {
    name: "go-forwards-each-disconnect-twice",
    does: "forwards one disconnect of the client as two",
    patches: [instead(`change("disconnected")`, `change("disconnected")\n\t\t\tchange("disconnected")`)],
    where: "reconnect-buffer/published-while-down",
    cause: cause("conformance", "said 2 times in a row that it was disconnected; it may say so once"),
  },
  {
    name: "go-answers-twice",
    does: "answers every publish twice",
    patches: [
      {
        file: "go-nats-go/main.go",
        from: `	body["id"] = id
	w.write(body)`,
        to: `	body["id"] = id
	if body["outcomes"] != nil {
		w.write(body)
	}
	w.write(body)`,
      },
    ],
    where: "core-path/held-then-released-loses-nothing",
    cause: cause("protocol", "it was answered before"),
  },
].map(one => mutant("wrapper", one));

export const goClientMutants: readonly LiveMutant[] = [...client, ...wrapper];

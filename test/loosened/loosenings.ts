/**
 * Loosenings of the model: single lines that permit more than any client or server was seen to do. A loosened model still admits every
 * true run, so nothing that only asks whether it admits can notice. Each has to be noticed by what the model must not permit.
 */
export interface Loosening {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The claim that it makes of the bus. */
  readonly permits: string;
}

const corePath = "models/core-path.ts";
const deadSocket = "models/dead-socket.ts";
const durablePath = "models/durable-path.ts";
const server = "models/server.ts";
const shutdown = "models/shutdown.ts";
const limits = "models/stream-limits.ts";

export const loosenings: readonly Loosening[] = [
  {
    file: "models/connection.ts",
    from: 'const free = hindrance === "none" || hindrance === "limit" ? countOf(state.wire) : state.wireFree;',
    to: "const free = countOf(state.wire);",
    permits: "some of what a link holds arrives although the link is cut",
  },
  {
    file: "models/connection.ts",
    from: 'if (state.client === "connected") state.client = "lost";',
    to: 'if (state.client === "connected" && choose("noticed-at", 0, 1) === 0) state.client = "lost";',
    permits: "a client stays connected although its connection has ended",
  },
  {
    file: corePath,
    from: 'before = choose("noticed-at", Math.min(written, sent), sent, about);',
    to: 'before = choose("noticed-at", 0, sent, about);',
    permits: "a client knows of a cut before it has written what the cut was set off by",
  },
  {
    file: corePath,
    from: "const through = take(rest, fits);",
    to: 'const through = take(rest, choose("arrived-before-cut", Math.max(0, fits - 1), fits));',
    permits: "the last message that fits a byte limit is lost",
  },
  {
    file: corePath,
    from: "for (const part of take(rest, accepts(state.pendingBytes, run, profile, options))) {",
    to: 'for (const part of take(rest, Math.max(0, accepts(state.pendingBytes, run, profile, options) - bus.choose("kept-from", 0, 1)))) {',
    permits: "the reconnect buffer refuses a message that it has room for",
  },
  {
    file: corePath,
    from: 'lose([run], "reset at dial", emit);',
    to: 'if (bus.choose("kept-from", 0, 1) === 0) lose([run], "reset at dial", emit);\n    else append(state.pending, run);',
    permits: "nats.js keeps what is published while it is down",
  },
  {
    file: corePath,
    from: "arrive(bus, take(state.wire, covered));",
    to: 'arrive(bus, take(state.wire, choose("arrived-before-cut", 0, covered)));',
    permits: "a flush says ok before everything has arrived",
  },
  {
    file: corePath,
    from: "state.fresh = true;\n      return timeout;",
    to: 'state.fresh = true;\n      return choose("timed-out-first", 0, 1) === 1 ? timeout : { is: "ok" };',
    permits: "a flush into a silent link says ok",
  },
  {
    file: corePath,
    from: 'if (whileDown === "says-ok") return { is: "ok" };',
    to: 'if (whileDown === "says-ok" && choose("timed-out-first", 0, 1) === 0) return { is: "ok" };',
    permits: "a flush that says ok while down fails now and then",
  },
  {
    file: corePath,
    from: 'if (!keeps && choose("dialled-at", 0, 1) === 1) return disconnected;',
    to: 'if (choose("dialled-at", 0, 1) === 1) return disconnected;',
    permits: "a flush that waits through an outage fails at the reconnect",
  },
  {
    file: corePath,
    from: 'if (label === "noticed-at" && !keeps && !changes) return count;',
    to: "",
    permits: "a client without a buffer notices a cut in the middle of a burst while the link stays down",
  },
  {
    file: corePath,
    from: "if (profile.burst.interruptible !== true) return choose(label, 0, 1) * count;",
    to: "",
    permits: "a loop that cannot be interrupted is interrupted",
  },
  {
    file: deadSocket,
    from: "const mayFail = profile.writeErrorsReturned && earliest < count;",
    to: "const mayFail = earliest < count;",
    permits: "any client returns the error of a write",
  },
  {
    file: deadSocket,
    from: "const earliest = Math.max(1, Math.ceil((inlineFlushBytes(profile, options) - buffered) / frameBytes)) - 1;",
    to: "const earliest = 0;",
    permits: "a write fails before the client writes",
  },
  {
    file: shutdown,
    from: 'if (profile.close.unwritten === "lost") dropUnwritten(bus);',
    to: 'if (profile.close.unwritten === "lost" || choose("written-before-exit", 0, 1) === 1) dropUnwritten(bus);',
    permits: "any client's close loses what it has not written",
  },
  {
    file: shutdown,
    from: 'const unnoticed = state.client === "lost" && choose("noticed-at", 0, 1) === 1;',
    to: 'const unnoticed = choose("noticed-at", 0, 1) === 1;',
    permits: "a client that knows that it is down closes as if it were connected",
  },
  {
    file: shutdown,
    from: 'const racy = profile.exit.unwritten === "racy" && state.unwrittenMessages > 0;',
    to: "const racy = state.unwrittenMessages > 0;",
    permits: "any client has written some of its buffer when its process exits",
  },
  {
    file: durablePath,
    from: "if (isOpen(answer)) told.timeOut(part);",
    to: 'if (isOpen(answer) || bus.choose("ack-lost", 0, 1) === 1) told.timeOut(part);',
    permits: "a publish that was acknowledged times out",
  },
  {
    file: durablePath,
    from: 'if (profile.reconnectBuffer.kind === "kept" && accepts(state.pendingBytes, run, profile, options) < 1) {',
    to: 'if (profile.reconnectBuffer.kind === "kept" && (bus.choose("kept-from", 0, 1) === 1 || accepts(state.pendingBytes, run, profile, options) < 1)) {',
    permits: "a durable publish is refused while the reconnect buffer has room",
  },
  {
    file: durablePath,
    from: "if (asksAgain || countOf(rest) === 0) return;",
    to: "if (countOf(rest) === 0) return;",
    permits: "a publish that is asked again is refused as the server stops",
  },
  {
    file: durablePath,
    from: 'const room = profile.reconnectBuffer.kind === "kept" ? accepts(state.pendingBytes, run, profile, options) : 0;',
    to: "const room = count;",
    permits: "calls that a full reconnect buffer refuses are kept",
  },
  {
    file: server,
    from: 'return leftMs > 0 || (leftMs === 0 && choose("window-ended", 0, 1) === 0);',
    to: 'return leftMs >= 0 && choose("window-ended", 0, 1) === 0;',
    permits: "a stream forgets an id within its duplicate window",
  },
  {
    file: server,
    from: 'return leftMs > 0 || (leftMs === 0 && choose("window-ended", 0, 1) === 0);',
    to: 'return leftMs > 0 || choose("window-ended", 0, 1) === 0;',
    permits: "a stream remembers an id beyond its duplicate window",
  },
  {
    file: server,
    from: "return isRead && isWithinWindow(stream, readMs, nowMs, choose) ? first : undefined;",
    to: 'return isRead && isWithinWindow(stream, choose("window-ended", 0, 1) === 0 ? atMs : readMs, nowMs, choose) ? first : undefined;',
    permits: "a server that has restarted forgets an id at the end of its first window",
  },
  {
    file: server,
    from: 'keepOldest(stream, Math.max(confirmed, before[i] ?? 0), choose, "stored-before-stop", emit);',
    to: 'keepOldest(stream, 0, choose, "stored-before-stop", emit);',
    permits: "a server that stops in order loses what it acknowledged",
  },
  {
    file: server,
    from: 'else keepOldest(stream, lengthOf(stream.log) - stream.unconfirmed, choose, "stored-before-kill", emit);',
    to: 'else keepOldest(stream, 0, choose, "stored-before-kill", emit);',
    permits: "a server that is killed loses what it acknowledged",
  },
  {
    file: server,
    from: 'else keepOldest(stream, stream.synced, choose, "synced-before-power-loss", emit);',
    to: 'else keepOldest(stream, 0, choose, "synced-before-power-loss", emit);',
    permits: "a power loss takes what was synced",
  },
  {
    file: limits,
    from: "const perhaps = olderThan(ageMs);",
    to: "const perhaps = olderThan(0);",
    permits: "a message is gone before its age",
  },
  {
    file: limits,
    from: "const surely = olderThan(ageMs + ageSlackMs);",
    to: "const surely = 0;",
    permits: "a message stays long after its age",
  },
];

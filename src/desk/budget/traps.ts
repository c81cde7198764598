/** The traps of a client at its start and at its stop, as its profile has them. */
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { msText } from "../../text/durations.ts";

export function trapsOf({ firstConnect, drain, jetStream, reconnect }: Profile): readonly string[] {
  return [
    firstTexts[firstConnect.retry],
    ...(firstConnect.countsAttempts ? [] : ["no number of attempts ends the first connect"]),
    ...(firstConnect.headersRefused ? ["until it is connected, every publish with a message id is refused"] : []),
    `while down, a drain ${whileDownText(drain.whileDown)}`,
    drain.flushWaitMs === undefined
      ? "a drain behind a link that says nothing has no end of its own"
      : `a drain behind a link that says nothing takes up to ${msText(drain.flushWaitMs)}`,
    handlersText(drain.handlersWaitMs),
    ...(jetStream.drainDeletesItsDurable ? ["a drain deletes the durable that the library has made"] : []),
    ...(reconnect.firstWait === "whole"
      ? [`after a disconnect it waits ${msText(reconnect.waitMsDefault)} by itself before it dials a single server`]
      : []),
  ];
}

const firstTexts: Readonly<Record<Profile["firstConnect"]["retry"], string>> = {
  background: "told to retry, connect returns at once, without a connection",
  pending: "told to retry, connect returns only once it is connected",
};

function whileDownText({ tells, leaves }: Profile["drain"]["whileDown"]): string {
  const says = tells === "ok" ? "reports success" : "fails";
  const then = {
    closed: "closes the client and drops what it has kept",
    open: "leaves the client open",
    stuck: "leaves a client that refuses every publish from then on",
  }[leaves];
  return `${says} and ${then}`;
}

function handlersText(waitMs: number | undefined): string {
  if (waitMs === undefined) return "a drain waits for handlers without an end";
  return waitMs === 0 ? "a drain does not wait for handlers" : `a drain waits for handlers up to ${msText(waitMs)}`;
}

/**
 * The requests by which messages, or whole streams, are taken away, as the server's own audit of its JetStream API tells them
 * (`$JS.EVENT.ADVISORY.API`). An audit names the client that asked. It is sent after the answer, by one of several workers, so two audits may
 * change places, and one may come after its request was answered (nats-server 2.15.2, server/jetstream_api.go, `sendAPIResponse` and
 * `processJSAPIRoutedRequests`). What was removed and not heard of leaves a gap, which is a doubt (`removalDoubt`).
 */
import type { NatsConnection } from "@nats-io/transport-node";
import type { Removal } from "../driver/rig.ts";

const auditSubject = "$JS.EVENT.ADVISORY.API";
const nameCharsMax = 100;
const requested = /^\$JS\.API\.STREAM\.(MSG\.DELETE|PURGE|DELETE|UPDATE)\.([^.]+)$/;
const whatBy: Readonly<Record<string, Removal["what"]>> = {
  "MSG.DELETE": "message",
  PURGE: "messages",
  DELETE: "stream",
  UPDATE: "settings",
};

/** A list of the removals that are heard on this connection from now on, except those that clients named `own` ask for. */
export function hearRemovals(connection: NatsConnection, own: string): readonly Removal[] {
  const heard: Removal[] = [];
  connection.subscribe(auditSubject, {
    callback: (error, message) => {
      const removal = error === null ? removalIn(message.string()) : undefined;
      if (removal !== undefined && removal.by !== own) heard.push(removal);
    },
  });
  return heard;
}

/** The removal that an audit tells of; undefined where it is about something else, or the server has refused it. */
export function removalIn(audit: string): Removal | undefined {
  const { client, subject, response } = objectIn(audit);
  const [, asked = "", stream = ""] = requested.exec(textOf(subject)) ?? [];
  const what = whatBy[asked];
  if (what === undefined || "error" in objectIn(textOf(response))) return undefined;
  const name = typeof client === "object" && client !== null ? (client as { readonly name?: unknown }).name : "";
  return { stream, what, by: textOf(name).slice(0, nameCharsMax) };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/**
 * Sees what truly arrives, by a subscription on the server beside the proxy, so that no fault of the link touches it. A client's flush,
 * then the observer's, is an exact barrier: a message that is not in the list then has not arrived. A second observer and the server's own
 * count are its witnesses.
 */
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import type { Observer } from "../driver/rig.ts";
import { Arrivals } from "./arrivals.ts";
import type { Credentials } from "./nats-server.ts";
import { RawObserver } from "./raw-observer.ts";

export interface LiveObserver extends Observer {
  /** Called after a restart of the server: new subscriptions, the same lists. They use the credentials that the server wants, if any. */
  reopen(credentials?: Credentials): Promise<void>;
  close(): Promise<void>;
}

/** The number of messages that the server has sent over that connection; undefined where it has no such connection. */
export type SentTo = (connection: number) => Promise<number | undefined>;

const connectBoundMs = 5_000;
const flushBoundMs = 30_000;

/** Returns when the subscriptions are in force. No two of them may match one subject. */
export async function openObserver(
  port: number,
  subjects: readonly string[],
  sentTo: SentTo = async () => undefined,
): Promise<LiveObserver> {
  const arrivals = new Arrivals();
  const secondArrivals = new Arrivals();
  const open = async (credentials?: Credentials): Promise<Opened> => {
    const second = await RawObserver.open(port, subjects, secondArrivals, credentials);
    try {
      return { ...(await subscribe(port, subjects, arrivals, credentials)), second };
    } catch (error) {
      second.close();
      throw error;
    }
  };
  let opened = await open();
  let isSecondWhole = true;
  const close = async (): Promise<void> => {
    opened.second.close();
    await opened.connection.close();
  };
  return {
    async flush() {
      const [isSeen] = await Promise.all([opened.second.flush(), flushed(opened.connection)]);
      isSecondWhole = isSeen;
    },
    arrived: () => arrivals.list(),
    second: () => (isSecondWhole ? secondArrivals.list() : undefined),
    async counts() {
      const { connection, read } = opened;
      const cid = connection.info?.client_id;
      return { read: read(), sent: cid === undefined ? undefined : await sentTo(cid).catch(() => undefined) };
    },
    async reopen(credentials) {
      await close();
      opened = await open(credentials);
    },
    close,
  };
}

/** The subscriptions of an observer on one connection. */
interface Subscribed {
  readonly connection: NatsConnection;
  /** The number of messages read on it. */
  read(): number;
}

interface Opened extends Subscribed {
  readonly second: RawObserver;
}

async function subscribe(
  port: number,
  subjects: readonly string[],
  arrivals: Arrivals,
  credentials?: Credentials,
): Promise<Subscribed> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    name: "faultline-observer",
    // A reconnect would hide a gap.
    reconnect: false,
    timeout: connectBoundMs,
    ...(credentials === undefined ? {} : { user: credentials.user, pass: credentials.password }),
  });
  let read = 0;
  // A callback, since an iterator would queue each message once more. The order of one publisher holds across subjects too.
  for (const subject of subjects)
    connection.subscribe(subject, {
      callback: (error, message) => {
        read += 1;
        if (error === null) arrivals.add(message.subject, message.data, headerBytesOf(message));
        else arrivals.addUnreadable();
      },
    });
  try {
    await flushed(connection);
    return { connection, read: () => read };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A message's size counts subject, reply subject, headers and payload. Every message of the client has one, though its type does not say so. */
function headerBytesOf(message: Msg): number {
  if (message.headers === undefined) return 0;
  const { subject, reply = "", data } = message;
  return (
    (message as Msg & { size(): number }).size() - Buffer.byteLength(subject) - Buffer.byteLength(reply) - data.length
  );
}

async function flushed(connection: NatsConnection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The observer's flush was not answered within ${flushBoundMs} ms.`)),
      flushBoundMs,
    );
  });
  try {
    await Promise.race([connection.flush(), bound]);
  } finally {
    clearTimeout(timer);
  }
}

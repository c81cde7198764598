/**
 * Sees what truly arrives, by a subscription on the server beside the proxy, so that no fault of the link touches it. A client's flush,
 * then the observer's, is an exact barrier: a message that is not in the list then has not arrived.
 */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Arrivals, type Arrived } from "./arrivals.ts";
import type { Credentials } from "./nats-server.ts";

export interface Observer {
  /** Counts everything that the server had when it was asked. Rejects when the connection is gone, since the list may then have gaps. */
  flush(): Promise<void>;
  arrived(): Arrived;
  /** Called after a restart of the server: a new subscription, the same list. It uses the credentials that the server wants, if any. */
  reopen(credentials?: Credentials): Promise<void>;
  close(): Promise<void>;
}

const connectBoundMs = 5_000;
const flushBoundMs = 30_000;

/** Returns when the subscriptions are in force. No two of them may match one subject. */
export async function openObserver(port: number, subjects: readonly string[]): Promise<Observer> {
  const arrivals = new Arrivals();
  let connection = await subscribe(port, subjects, arrivals);
  const close = (): Promise<void> => connection.close();
  return {
    flush: () => flushed(connection),
    arrived: () => arrivals.list(),
    reopen: async credentials => {
      await close();
      connection = await subscribe(port, subjects, arrivals, credentials);
    },
    close,
  };
}

async function subscribe(
  port: number,
  subjects: readonly string[],
  arrivals: Arrivals,
  credentials?: Credentials,
): Promise<NatsConnection> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    name: "faultline-observer",
    // A reconnect would hide a gap.
    reconnect: false,
    timeout: connectBoundMs,
    ...(credentials === undefined ? {} : { user: credentials.user, pass: credentials.password }),
  });
  // A callback, since an iterator would queue each message once more. The order of one publisher holds across subjects too.
  for (const subject of subjects)
    connection.subscribe(subject, {
      callback: (error, message) => arrivals.add(error === null ? message.data : undefined),
    });
  try {
    await flushed(connection);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
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

/**
 * Sees what truly arrives: a subscription of its own on the server, beside the proxy, so that no fault of the link touches it.
 * A client's flush, then the observer's, is an exact barrier: what is not in the list then has not arrived.
 *
 * A payload is the message's number in 8 decimal digits and then filler, so a message is known by what it carries. What
 * arrived is kept in order as runs of ascending numbers; a hundred thousand messages are a handful of runs.
 */
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import type { Run } from "../../../models/vocabulary/event.ts";

export interface Arrived {
  /** In the order of arrival; a number seen again begins a run of its own. */
  readonly runs: readonly Run[];
  /** Messages on the subject that no bus of ours can have sent. */
  readonly foreign: number;
}

export interface Observer {
  /** Everything the server had when it was asked has been counted. Rejects when the connection is gone: then the list may have gaps. */
  flush(): Promise<void>;
  arrived(): Arrived;
  /** After a restart of the server: a new subscription, the same list. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const digits = 8;
const filler = 0x78; // "x"
const connectBoundMs = 5_000;
const flushBoundMs = 30_000;

/** Returns when the subscription is in force. */
export async function openObserver(port: number, subject: string): Promise<Observer> {
  const arrivals = new Arrivals();
  let connection = await subscribe(port, subject, arrivals);
  const close = (): Promise<void> => connection.close();
  return {
    flush: () => flushed(connection),
    arrived: () => arrivals.list(),
    reopen: async () => {
      await close();
      connection = await subscribe(port, subject, arrivals);
    },
    close,
  };
}

async function subscribe(port: number, subject: string, arrivals: Arrivals): Promise<NatsConnection> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    name: "faultline-observer",
    // A reconnect would hide a gap.
    reconnect: false,
    timeout: connectBoundMs,
  });
  // A callback: an iterator would queue each message once more.
  connection.subscribe(subject, { callback: (error, message) => arrivals.add(error === null ? message : undefined) });
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

class Arrivals {
  readonly #runs: { first: number; count: number }[] = [];
  #foreign = 0;

  add(message: Msg | undefined): void {
    const number = message === undefined ? undefined : numberOf(message.data);
    const last = this.#runs.at(-1);
    if (number === undefined) this.#foreign += 1;
    else if (last !== undefined && number === last.first + last.count) last.count += 1;
    else this.#runs.push({ first: number, count: 1 });
  }

  list(): Arrived {
    return { runs: this.#runs.map(run => ({ ...run })), foreign: this.#foreign };
  }
}

/** Read byte by byte, since a string a message would be most of the cost. */
function numberOf(payload: Uint8Array): number | undefined {
  if (payload.length < digits) return undefined;
  let number = 0;
  for (let index = 0; index < digits; index += 1) {
    const digit = (payload[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  for (let index = digits; index < payload.length; index += 1) if (payload[index] !== filler) return undefined;
  return number;
}

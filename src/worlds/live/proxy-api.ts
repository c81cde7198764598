/**
 * Toxiproxy's HTTP API, asked through toxiproxy-node-client. The library has no bound on its calls, and of a failed one it keeps the status
 * alone, or "fetch failed": here every call is bounded, and its error says what was asked of whom and how it was refused.
 */
import { Toxiproxy as Client, ToxiproxyError } from "toxiproxy-node-client";

const answerBoundDefaultMs = 5_000;

/** An answer with a status that is not 2xx. */
export class ProxyRefused extends Error {
  override readonly name = "ProxyRefused";
  readonly status: number;

  constructor(what: string, port: number, status: number) {
    const meaning = meanings[status];
    super(
      `Toxiproxy on port ${port} refused to ${what}: status ${status}${meaning === undefined ? "" : `, ${meaning}`}.`,
    );
    this.status = status;
  }
}

/** What Toxiproxy 2.12 says by them. The library drops its words. */
const meanings: Readonly<Record<number, string>> = {
  400: "it did not understand what it was sent",
  404: "it knows of no such thing",
  409: "there is one of that name",
  500: "the port is taken",
};

export class ProxyApi {
  readonly #port: number;
  readonly #answerBoundMs: number;
  readonly #client: Client;

  constructor(port: number, answerBoundMs: number = answerBoundDefaultMs) {
    this.#port = port;
    this.#answerBoundMs = answerBoundMs;
    this.#client = new Client(`http://127.0.0.1:${port}`);
  }

  /**
   * `what` goes on from "asked to". A kept connection may have ended meanwhile; a call that meets that was not heard and is made
   * once more.
   * @throws ProxyRefused, and where nobody answers in time
   */
  async ask<T>(what: string, call: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await this.#once(what, call);
    } catch (error) {
      if (!isUnheard(error)) throw this.#explained(what, error);
    }
    try {
      return await this.#once(what, call);
    } catch (error) {
      throw this.#explained(what, error);
    }
  }

  async #once<T>(what: string, call: (client: Client) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<never>((_, reject) => {
      const late = (): void =>
        reject(
          new Error(
            `Toxiproxy on port ${this.#port}, asked to ${what}, did not answer within ${this.#answerBoundMs} ms.`,
          ),
        );
      timer = setTimeout(late, this.#answerBoundMs);
    });
    try {
      return await Promise.race([call(this.#client), bound]);
    } finally {
      clearTimeout(timer);
    }
  }

  #explained(what: string, error: unknown): unknown {
    if (!(error instanceof ToxiproxyError)) return error;
    const status = /^Request failed with status code (\d+)$/.exec(error.message)?.[1];
    if (status !== undefined) return new ProxyRefused(what, this.#port, Number(status));
    const failing = isUnheard(error) ? "could not be reached" : "answered what is no JSON";
    return new Error(`Toxiproxy on port ${this.#port}, asked to ${what}, ${failing}: ${error.message}.`);
  }
}

/** What fetch throws where there is no connection; the library keeps its name and message, not its cause. */
const isUnheard = (error: unknown): boolean => error instanceof ToxiproxyError && error.name === "TypeError";

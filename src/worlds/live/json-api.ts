/** The HTTP APIs of the two servers, which answer in JSON, over kept connections, since a case asks dozens of times. */
import { Agent, request } from "node:http";

import { ServerFailed } from "../../errors.ts";

export interface ApiAnswer {
  readonly status: number;
  /** The body as it was sent; may be empty. */
  readonly text: string;
}

/** An answer other than 2xx, where only that will do. */
export class ApiRefused extends ServerFailed {
  readonly status: number;

  constructor(what: string, { status, text }: ApiAnswer) {
    super(`${what} was answered with status ${status}: ${text.trim()}`);
    this.status = status;
  }
}

type Method = "GET" | "POST" | "DELETE";

const answerBoundDefaultMs = 5_000;

export class JsonApi {
  readonly #port: number;
  readonly #agent: Agent;
  readonly #answerBoundMs: number;

  /** `connectionsMax`: further calls wait. Thousands of polls would otherwise leave as many connections in TIME_WAIT. */
  constructor(port: number, connectionsMax = Number.POSITIVE_INFINITY, answerBoundMs = answerBoundDefaultMs) {
    this.#port = port;
    this.#answerBoundMs = answerBoundMs;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  }

  /** @throws ApiRefused, SyntaxError, and an error where no answer comes in time */
  async json(method: Method, path: string, body?: unknown): Promise<unknown> {
    return JSON.parse(await this.text(method, path, body));
  }

  /** @throws ApiRefused, and an error where no answer comes in time */
  async text(method: Method, path: string, body?: unknown): Promise<string> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new ApiRefused(`${method} ${path} on port ${this.#port}`, answer);
    return answer.text;
  }

  /**
   * A kept connection may have ended meanwhile, with a restart or by idling. A call that meets this was not heard, and asks once more on a
   * new one.
   */
  async call(method: Method, path: string, body?: unknown): Promise<ApiAnswer> {
    try {
      return await this.#callOnce(this.#agent, method, path, body);
    } catch (error) {
      if (!(error instanceof KeptConnectionEnded)) throw error;
      return this.#callOnce(false, method, path, body);
    }
  }

  #callOnce(agent: Agent | false, method: Method, path: string, body: unknown): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#port, path, method, agent, timeout: this.#answerBoundMs };
      const asked = request(options, response => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      asked.once("timeout", () =>
        asked.destroy(new ServerFailed(`No answer to ${path} on port ${this.#port} within ${this.#answerBoundMs} ms.`)),
      );
      asked.once("error", (error: NodeJS.ErrnoException) => {
        const wasKept = asked.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(wasKept ? new KeptConnectionEnded() : error);
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

class KeptConnectionEnded extends Error {}

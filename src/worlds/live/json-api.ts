/** The monitor of a nats-server, which answers in JSON: over connections that are kept, since a case asks several times. */
import { Agent, get } from "node:http";

export interface ApiAnswer {
  readonly status: number;
  /** As it was sent; may be empty. */
  readonly text: string;
}

const answerBoundMs = 5_000;

export class JsonApi {
  readonly #port: number;
  readonly #agent: Agent;

  /** `connectionsMax`: more are waited for, as polls in their thousands would else leave as many in TIME_WAIT. */
  constructor(port: number, connectionsMax = Number.POSITIVE_INFINITY) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  }

  /** @throws SyntaxError, where the answer is not 2xx, and where nobody answers within 5 s */
  async json(path: string): Promise<unknown> {
    const { status, text } = await this.get(path);
    if (status >= 300)
      throw new Error(`GET ${path} on port ${this.#port} was answered with status ${status}: ${text.trim()}`);
    return JSON.parse(text);
  }

  /** A kept connection may have ended meanwhile, with a restart or by idling: who meets that was not heard and asks once more, on a new one. */
  async get(path: string): Promise<ApiAnswer> {
    try {
      return await this.#getOnce(this.#agent, path);
    } catch (error) {
      if (!(error instanceof KeptConnectionEnded)) throw error;
      return this.#getOnce(false, path);
    }
  }

  #getOnce(agent: Agent | false, path: string): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#port, path, agent, timeout: answerBoundMs };
      const asked = get(options, response => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      asked.once("timeout", () =>
        asked.destroy(new Error(`No answer to ${path} on port ${this.#port} within ${answerBoundMs} ms.`)),
      );
      asked.once("error", (error: NodeJS.ErrnoException) => {
        const wasKept = asked.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(wasKept ? new KeptConnectionEnded() : error);
      });
    });
  }
}

class KeptConnectionEnded extends Error {}

/**
 * The streams and consumers of a running server, as texts that the importers read. It asks for two lists, which change nothing on the
 * server, over a connection of its own.
 */
import { BadInput, ServerUnreached, UsageError } from "../errors.ts";
import type { ImportText } from "../files/import/import.ts";
import { readJsonFile } from "../files/json.ts";
import { livePackages } from "./live.ts";

export interface ServerAsked {
  /** The address as nats.js takes it, such as nats://127.0.0.1:4222 or tls://user:password@host. */
  readonly url: string;
  /** A file of credentials, as `nsc` writes it. */
  readonly creds?: string | undefined;
  /** The names of the streams to read. Absent: all of them. */
  readonly streams?: readonly string[] | undefined;
}

const boundMs = 5_000;
const streamsMax = 500;
const consumersMax = 5_000;

/** One answer of JetStream's API: an error, or a page of a list. */
interface Page {
  readonly error?: { readonly description?: string };
  readonly total?: number;
  readonly streams?: readonly StreamAnswer[];
  readonly consumers?: readonly object[];
}
interface StreamAnswer {
  readonly config?: { readonly name?: string };
}

/** Asks the server `subject`; undefined where nobody answers there. */
type Ask = (subject: string, body: object) => Promise<Page | undefined>;

/** One text for each stream with its consumers. @throws BadInput, ServerUnreached, UsageError */
export async function textsOfServer(asked: ServerAsked): Promise<readonly ImportText[]> {
  const url = urlOf(asked.url);
  const shown = `${url.protocol}//${url.host}`;
  const { ask, close } = await connected(url, shown, asked.creds);
  try {
    const all = await pagesOf<StreamAnswer>(ask, "STREAM.LIST", "streams", { shown, most: streamsMax });
    const chosen = chosenOf(all, asked.streams, shown);
    const texts: ImportText[] = [];
    for (const stream of chosen) {
      const name = nameOf(stream);
      const consumers = await pagesOf(ask, `CONSUMER.LIST.${name}`, "consumers", { shown, most: consumersMax });
      texts.push({ file: `${shown}/${name}`, text: JSON.stringify([stream, ...consumers], null, 2) });
    }
    return texts;
  } finally {
    await close();
  }
}

const nameOf = ({ config }: StreamAnswer): string => config?.name ?? "";

function chosenOf(
  all: readonly StreamAnswer[],
  names: readonly string[] | undefined,
  shown: string,
): readonly StreamAnswer[] {
  if (names === undefined) return all;
  const absent = names.find(name => !all.some(one => nameOf(one) === name));
  if (absent === undefined) return all.filter(one => names.includes(nameOf(one)));
  const there = all.length === 0 ? "it has none" : `it has ${all.map(nameOf).join(", ")}`;
  throw new BadInput(shown, "", `has no stream ${absent} in this account: ${there}`);
}

/** All pages of a list. */
async function pagesOf<T extends object>(
  ask: Ask,
  call: string,
  of: "streams" | "consumers",
  { shown, most }: { readonly shown: string; readonly most: number },
): Promise<readonly T[]> {
  const found: T[] = [];
  for (;;) {
    const page = await ask(`$JS.API.${call}`, { offset: found.length });
    if (page === undefined)
      throw new BadInput(shown, "", "answers no question about JetStream: it is off there, or off for this account");
    if (page.error !== undefined)
      throw new BadInput(
        shown,
        call,
        `the server refuses the question: ${page.error.description ?? "it says no more"}`,
      );
    const part = (page[of] ?? []) as readonly T[];
    found.push(...part);
    if (found.length > most)
      throw new BadInput(shown, call, `lists more than ${most} ${of}: name those that matter with --stream`);
    if (part.length === 0 || found.length >= (page.total ?? 0)) return found;
  }
}

/** @throws UsageError */
function urlOf(given: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(given) ? given : `nats://${given}`);
  if (url === null || url.hostname === "" || !["nats:", "tls:", "ws:", "wss:"].includes(url.protocol) || isMore(url))
    throw new UsageError(
      "--server must be the URL of one server, such as nats://127.0.0.1:4222 or tls://user:password@host.",
    );
  return url;
}

const isMore = ({ pathname, search, hash }: URL): boolean =>
  !["", "/"].includes(pathname) || search !== "" || hash !== "";

interface Asking {
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

async function connected(url: URL, shown: string, creds: string | undefined): Promise<Asking> {
  const { connect, credsAuthenticator, errors } = await natsClient();
  const [user, pass] = [url.username, url.password].map(decodeURIComponent);
  const secret = { ...(pass ? { user, pass } : user ? { token: user } : {}) };
  const authenticator = creds === undefined ? {} : { authenticator: credsAuthenticator(bytesOf(creds)) };
  try {
    const connection = await connect({
      servers: shown,
      name: "faultline-import",
      reconnect: false,
      timeout: boundMs,
      ...secret,
      ...authenticator,
    });
    const ask: Ask = async (subject, body) => {
      try {
        const answer = await connection.request(subject, JSON.stringify(body), { timeout: boundMs });
        return answer.json<Page>();
      } catch (error) {
        if (error instanceof errors.RequestError && error.isNoResponders()) return undefined;
        if (error instanceof errors.NoRespondersError) return undefined;
        throw new ServerUnreached(`${shown} does not answer ${subject}: ${wordsOf(error)}.`);
      }
    };
    return { ask, close: () => connection.close() };
  } catch (error) {
    throw new ServerUnreached(`${shown} cannot be asked: ${wordsOf(error)}.`);
  }
}

const bytesOf = (creds: string): Uint8Array => Buffer.from(readJsonFile(creds, creds));
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The client is a package that a user of one world does without. */
async function natsClient(): Promise<typeof import("@nats-io/transport-node")> {
  try {
    return await import("@nats-io/transport-node");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ServerUnreached(`A server is asked by ${livePackages[0]}: npm install --save-dev ${livePackages[0]}`);
  }
}

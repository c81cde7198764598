/** What a call to Toxiproxy's API ends in where the API does not answer as it should. A stand-in answers, or does not. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { ApiRefused } from "../../../src/worlds/live/json-api.ts";
import { proxyClient } from "../../../src/worlds/live/proxy-api.ts";
import { countCalls } from "../../http-calls.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function listening(answer: RequestListener): Promise<number> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

type Client = ReturnType<typeof proxyClient>;

const create = (client: Client) =>
  client.createProxy({ name: "it", listen: "127.0.0.1:1", upstream: "127.0.0.1:2", enabled: true });

/** What Toxiproxy would answer, as far as the library reads it. */
const proxy = '{"name":"it","listen":"127.0.0.1:1","upstream":"127.0.0.1:2","enabled":true,"toxics":[]}';

test("whatever the library asks goes over our connections, by the same paths", async () => {
  const port = await listening((request, response) => response.end(request.url === "/reset" ? "" : proxy));
  const calls = countCalls();
  const client = proxyClient(port);
  const it = await create(client);
  await it.update({ enabled: true, listen: "127.0.0.1:1", upstream: "127.0.0.1:2" });
  const toxic = await it.addToxic({
    name: "hold",
    type: "latency",
    stream: "upstream",
    toxicity: 1,
    attributes: { latency: 1, jitter: 0 },
  });
  await client.get("it");
  await client.getAll();
  await client.reset();
  expect(await client.getVersion()).toBe(proxy);
  await toxic.remove();
  await it.remove();
  calls.stop();
  expect(calls.byFetch).toBe(0);
  expect(calls.all).toEqual([
    "POST proxies",
    "POST proxies/it",
    "POST proxies/it/toxics",
    "GET proxies/it",
    "GET proxies",
    "POST reset",
    "GET version",
    // The stand-in named the toxic as its proxy.
    "DELETE proxies/it/toxics/it",
    "DELETE proxies/it",
  ]);
});

test.each([404, 409, 500])(
  "a refusal with status %i is told in Toxiproxy's words, and is not asked again",
  async status => {
    let asked = 0;
    const port = await listening((_, response) => {
      asked += 1;
      response.writeHead(status).end('{"error":"some words"}');
    });
    const error = await create(proxyClient(port)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiRefused);
    const message = `POST /proxies on port ${port} was answered with status ${status}: {"error":"some words"}`;
    expect(error).toMatchObject({ status, message });
    expect(asked).toBe(1);
  },
);

test("a call that nobody answers ends, and says how long it waited for what", async () => {
  const port = await listening(() => {});
  await expect(create(proxyClient(port, 50))).rejects.toThrow(`No answer to /proxies on port ${port} within 50 ms.`);
});

test("an answer that is no JSON is an error", async () => {
  const port = await listening((_, response) => response.end("<html>"));
  await expect(create(proxyClient(port))).rejects.toThrow(SyntaxError);
});

test("a call on a kept connection that has ended is made once more, on another", async () => {
  const known = new Set<number>();
  let ended = 0;
  const port = await listening((request, response) => {
    const { remotePort = 0 } = request.socket;
    if (known.has(remotePort) && ended === 0) {
      ended += 1;
      request.socket.destroy();
    } else response.end(proxy);
    known.add(remotePort);
  });
  const client = proxyClient(port);
  // The first calls may each have a connection made.
  for (let calls = 0; calls < 100 && ended === 0; calls += 1)
    expect(await create(client)).toMatchObject({ name: "it" });
  expect(ended).toBe(1);
});

test("where nobody listens that is said", async () => {
  const port = await listening(() => {});
  server?.close();
  await expect(create(proxyClient(port))).rejects.toThrow(/ECONNREFUSED/);
});

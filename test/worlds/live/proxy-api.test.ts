/** What a call to Toxiproxy's API ends in where the API does not answer as it should. A stand-in answers, or does not. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { ProxyApi, ProxyRefused } from "../../../src/worlds/live/proxy-api.ts";

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

const create = (api: ProxyApi): Promise<unknown> =>
  api.ask("create it", client => client.createProxy({ name: "it", listen: "127.0.0.1:1", upstream: "127.0.0.1:2" }));

test.each([
  [404, /port \d+ refused to create it: status 404, it knows of no such thing/],
  [409, /status 409, there is one of that name/],
  [500, /status 500, the port is taken/],
  [503, /status 503\.$/],
])("a refusal with status %i is told with what was asked, and is not asked again", async (status, message) => {
  let asked = 0;
  const port = await listening((_, response) => {
    asked += 1;
    response.writeHead(status).end(`{"error":"some words","status":${status}}`);
  });
  const error = await create(new ProxyApi(port)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProxyRefused);
  expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
  expect(asked).toBe(1);
});

test("a call that nobody answers ends, and says how long it waited for what", async () => {
  const port = await listening(() => {});
  await expect(create(new ProxyApi(port, 50))).rejects.toThrow(
    `Toxiproxy on port ${port}, asked to create it, did not answer within 50 ms.`,
  );
});

test("an answer that is no JSON is told with what was asked", async () => {
  const port = await listening((_, response) => response.end("<html>"));
  await expect(create(new ProxyApi(port))).rejects.toThrow(/asked to create it, answered what is no JSON: /);
});

test("a call on a kept connection that has ended is made once more, on another", async () => {
  const known = new Set<number>();
  let ended = 0;
  const port = await listening((request, response) => {
    const { remotePort = 0 } = request.socket;
    if (known.has(remotePort) && ended === 0) {
      ended += 1;
      request.socket.destroy();
    } else response.end('{"name":"it","listen":"127.0.0.1:1","upstream":"127.0.0.1:2","enabled":true,"toxics":[]}');
    known.add(remotePort);
  });
  const api = new ProxyApi(port);
  // The first calls may each have a connection made.
  for (let calls = 0; calls < 100 && ended === 0; calls += 1) expect(await create(api)).toMatchObject({ name: "it" });
  expect(ended).toBe(1);
});

test("where nobody listens the call is given up after its second try", async () => {
  const port = await listening(() => {});
  server?.close();
  await expect(create(new ProxyApi(port))).rejects.toThrow(/asked to create it, could not be reached: fetch failed/);
});

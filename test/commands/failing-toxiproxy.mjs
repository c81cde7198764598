/**
 * Toxiproxy with an injector that fails: calls that install one of the toxics of FAULTLINE_TEST_REFUSES are refused, or with
 * FAULTLINE_TEST_HANGS=1 never answered. All else goes to the Toxiproxy of FAULTLINE_TEST_TOXIPROXY.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { createServer as createListener } from "node:net";

const program = process.env.FAULTLINE_TEST_TOXIPROXY;
const refused = (process.env.FAULTLINE_TEST_REFUSES ?? "").split(",");
const args = process.argv.slice(2);
if (args.includes("-version")) process.exit(spawnSync(program, args, { stdio: "inherit" }).status ?? 1);

const listener = createListener().listen(0, "127.0.0.1");
await once(listener, "listening");
const { port } = listener.address();
await new Promise(resolve => listener.close(resolve));
const at = args.indexOf("-port") + 1;
const child = spawn(program, args.with(at, String(port)), { stdio: ["ignore", "inherit", "inherit"] });
child.on("exit", code => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill("SIGKILL"));

createServer(async (asked, answer) => {
  let body = "";
  for await (const piece of asked) body += piece;
  if (asked.method === "POST" && asked.url.endsWith("/toxics") && refused.includes(JSON.parse(body).name)) {
    if (process.env.FAULTLINE_TEST_HANGS !== "1") answer.writeHead(503).end("refused by a test");
    return;
  }
  const { method, url: path } = asked;
  const onward = request({ host: "127.0.0.1", port, method, path, agent: false }, given => {
    answer.writeHead(given.statusCode);
    given.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  onward.end(body);
}).listen(Number(args[at]), "127.0.0.1");

/**
 * toxiproxy-node-client, asking over connections of ours. By itself it asks over fetch: without a bound, and of a call that failed
 * it tells the status or "fetch failed". Its HTTP client is a field that all its proxies and toxics take theirs from; what is put there has
 * the same methods, keeps its connections, ends every call within 5 s and tells what Toxiproxy said (json-api.ts).
 */
import { Toxiproxy as Client } from "toxiproxy-node-client";
import { JsonApi } from "./json-api.ts";

type HttpClient = ReturnType<Client["getApi"]>;
/** All that the library calls of it. */
type Transport = Pick<HttpClient, "get" | "post" | "delete" | "getText">;

/** Its calls throw ApiRefused, SyntaxError, and where nobody answers in time. */
export function proxyClient(port: number, answerBoundMs?: number): Client {
  const api = new JsonApi(port, undefined, answerBoundMs);
  const json = async <T>(method: "GET" | "POST", path: string, body?: unknown): Promise<{ data: T }> => {
    const text = await api.text(method, path, body);
    return { data: (text === "" ? undefined : JSON.parse(text)) as T };
  };
  const transport: Transport = {
    get: path => json("GET", path),
    post: (path, body) => json("POST", path, body),
    delete: async path => void (await api.text("DELETE", path)),
    getText: path => api.text("GET", path),
  };
  // Without a host its addresses are paths.
  return Object.assign(new Client(""), { api: transport });
}

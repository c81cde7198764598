/**
 * toxiproxy-node-client over kept connections. By itself it uses fetch: without a bound, and a failed call reports the status or "fetch
 * failed". Its HTTP client is a field that all its proxies and toxics take theirs from. The one put there has the same methods, keeps its
 * connections, and ends every call within 5 s. Its errors repeat Toxiproxy's own words (json-api.ts).
 */
import { Toxiproxy as Client } from "toxiproxy-node-client";
import { JsonApi } from "./json-api.ts";

type HttpClient = ReturnType<Client["getApi"]>;
/** The methods that the library calls. */
type Transport = Pick<HttpClient, "get" | "post" | "delete" | "getText">;

/** Its calls throw ApiRefused, SyntaxError, and an error where no answer comes in time. */
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
  // Addresses without a host are paths.
  return Object.assign(new Client(""), { api: transport });
}

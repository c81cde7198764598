/** The errors and warnings that nats-server logs about its clients: nearly every `-ERR` that it sends is there, with more about its reason. */

interface Logged {
  readonly name: string;
  readonly text: string;
}

const keptMax = 200;

export class ClientLog {
  private readonly kept: Logged[] = [];

  add(line: string): void {
    const logged = loggedIn(line);
    if (logged === undefined || this.kept.some(one => one.name === logged.name && one.text === logged.text)) return;
    this.kept.push(logged);
    if (this.kept.length > keptMax) this.kept.shift();
  }

  about(name: string): readonly string[] {
    return this.kept.filter(one => one.name === name).map(({ text }) => text);
  }
}

/** `[pid] date [ERR] address - cid:5 - "v1.48.0:go:name" - text`, or `cid:5 - "name" - text` of a client that tells neither language nor version. */
function loggedIn(line: string): Logged | undefined {
  const [, client, text] = /\[(?:ERR|WRN)\] \S+ - cid:\d+ - "([^"]*)" - (.+)$/.exec(line) ?? [];
  if (client === undefined || text === undefined) return undefined;
  return { name: client.slice(client.lastIndexOf(":") + 1), text };
}

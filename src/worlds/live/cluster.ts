/**
 * Three nats-servers that form one JetStream cluster, on the nine ports of one lease. It does what an operator does: a rolling restart,
 * with lame duck mode or without, a leader that steps down, a node that is killed and comes back. Every call returns when the cluster has
 * taken it in: all agree on one meta leader, and every node is healthy with its replicas up to date.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { NatsServer } from "./nats-server.ts";

export interface ClusterOptions {
  readonly program: string;
  /** Nine ports: for each node one for clients, one to monitor it and one for the cluster. */
  readonly ports: readonly number[];
  readonly folder: string;
}

export const nodesOfCluster = 3;
const portsPerNode = 3;
const pollMs = 20;
/** An election takes 4 to 9 seconds where a leader was killed (nats-server, raft.go), and several may follow one another. */
const settleBoundMs = 60_000;
const requestBoundMs = 5_000;

export class Cluster {
  readonly nodes: readonly NatsServer[];

  private constructor(nodes: readonly NatsServer[]) {
    this.nodes = nodes;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const started = await Promise.allSettled(
      Array.from({ length: nodesOfCluster }, (_, index) => startNode(options, index)),
    );
    const nodes = started.flatMap(one => (one.status === "fulfilled" ? [one.value] : []));
    const cluster = new Cluster(nodes);
    try {
      for (const one of started) if (one.status === "rejected") throw one.reason;
      await cluster.untilSettled();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  /** The addresses that clients dial. */
  get servers(): string[] {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Waits until all running nodes agree on a leader, and are healthy. */
  async untilSettled(): Promise<void> {
    await this.#until(() => this.#whyUnsettled(), "settle");
  }

  /** One node after another goes away and comes back; the next goes only when the cluster has settled. */
  async rollingRestart({ lameDuck }: { readonly lameDuck: boolean }): Promise<void> {
    for (const node of this.nodes) {
      if (lameDuck) {
        await node.lameDuck();
        await node.untilEnded();
      }
      await node.restart();
      await this.untilSettled();
    }
  }

  /** Returns when another node leads the stream. */
  async stepDown(stream: string): Promise<void> {
    const before = await this.leaderOf(stream);
    await this.#ask(`STREAM.LEADER.STEPDOWN.${stream}`);
    await this.#until(async () => {
      const leader = await this.leaderOf(stream);
      return leader === undefined || leader === before ? `the leader of ${stream} is ${leader ?? "nobody"}` : undefined;
    }, `elect another leader of ${stream}`);
  }

  /** The name of the node that leads the stream; undefined during an election. */
  async leaderOf(stream: string): Promise<string | undefined> {
    const { cluster } = (await this.#ask(`STREAM.INFO.${stream}`)) as {
      readonly cluster?: { readonly leader?: string };
    };
    return cluster?.leader || undefined;
  }

  /** The node of that name, by which leaders are known. */
  node(name: string): NatsServer {
    const node = this.nodes[Number(name.slice(namePrefix.length)) - 1];
    if (node === undefined || !name.startsWith(namePrefix)) throw new Error(`The cluster has no node ${name}.`);
    return node;
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.end()));
  }

  async #whyUnsettled(): Promise<string | undefined> {
    const running = this.nodes.filter(({ pid }) => pid !== undefined);
    const leaders = new Set<string | undefined>();
    for (const node of running) {
      leaders.add((await node.state()).metaLeader);
      const why = await node.unhealthy();
      if (why !== undefined) return `the node on port ${node.port} is not healthy: ${why}`;
    }
    const [leader] = leaders;
    if (leaders.size !== 1 || leader === undefined) return "they do not agree on a leader";
    // A leader that was killed is remembered as the leader until the election.
    return running.includes(this.node(leader)) ? undefined : `${leader}, which leads, does not run`;
  }

  /** Polls until `whyNot` gives no reason. A node that cannot be asked just now is a reason. */
  async #until(whyNot: () => Promise<string | undefined>, what: string): Promise<void> {
    const until = performance.now() + settleBoundMs;
    for (;;) {
      const reason = await whyNot().catch((error: Error) => error.message);
      if (reason === undefined) return;
      if (performance.now() > until)
        throw new Error(
          `The cluster on ports ${this.servers.join(", ")} did not ${what} within ${settleBoundMs} ms: ${reason}`,
        );
      await wait(pollMs);
    }
  }

  /** Asks any node that runs. */
  async #ask(call: string): Promise<unknown> {
    const servers = this.nodes.filter(({ pid }) => pid !== undefined).map(({ port }) => `127.0.0.1:${port}`);
    const connection = await connect({ servers, name: "faultline-cluster", reconnect: false, timeout: requestBoundMs });
    try {
      const answer = await connection.request(`$JS.API.${call}`, "", { timeout: requestBoundMs });
      const body = answer.json() as { readonly error?: { readonly description: string } };
      if (body.error !== undefined) throw new Error(`${call} was refused: ${body.error.description}`);
      return body;
    } finally {
      await connection.close();
    }
  }
}

const namePrefix = "node-";

function startNode({ program, ports, folder }: ClusterOptions, index: number): Promise<NatsServer> {
  if (ports.length < nodesOfCluster * portsPerNode)
    throw new RangeError(`A cluster needs ${nodesOfCluster * portsPerNode} ports, not ${ports.length}.`);
  const [port = 0, monitorPort = 0, clusterPort = 0] = ports.slice(index * portsPerNode);
  const serverName = `${namePrefix}${index + 1}`;
  const ownFolder = join(folder, serverName);
  mkdirSync(ownFolder, { recursive: true });
  const routePorts = Array.from({ length: nodesOfCluster }, (_, other) => ports[other * portsPerNode + 2] ?? 0);
  return NatsServer.start({
    program,
    port,
    monitorPort,
    folder: ownFolder,
    cluster: { clusterName: "faultline", serverName, port: clusterPort, routePorts },
  });
}

/** The installed parts, each bus's own report, and what to do about missing parts. */
import type { Paint } from "./paint.ts";
import { renderPairs } from "./table.ts";

export interface BusState {
  readonly name: string;
  readonly profile: string | null;
  readonly client: string | null;
  readonly capabilities: readonly string[];
  readonly built: boolean;
  /** The tools that its build needs; null where nothing is built. */
  readonly needs: string | null;
  /** The bus is the process that was started, or one that it has started in turn; null if it has not greeted, or if that is unknown. */
  readonly process: "started" | "wrapped" | null;
  /** The reason why it has neither signals nor memory. */
  readonly unclaimed?: string;
  /** The reason why it does not greet. */
  readonly problem?: string;
}

export interface PackageState {
  readonly name: string;
  readonly found: boolean;
}

export interface DoctorReport {
  /** The state of the live world, ready or not. */
  readonly live: string;
  readonly node: string;
  readonly servers: readonly {
    readonly name: string;
    readonly version: string;
    readonly source: "env" | "cache" | "path" | "to-be-built" | "missing";
    readonly path?: string;
  }[];
  readonly packages: readonly PackageState[];
  readonly containers: {
    /** True where the package is installed. */
    readonly testcontainers: boolean;
    /** The engine's version; null where none answers. */
    readonly engine: string | null;
    readonly problem: string | null;
  };
  readonly buses: readonly BusState[];
  readonly advice: readonly string[];
}

export function renderDoctor(report: DoctorReport, paint: Paint): string {
  const { live, node, servers, packages, containers, buses, advice } = report;
  const good = (text: string): string => paint("green", text);
  const bad = (text: string): string => paint("yellow", text);
  const pairs: [string, string][] = [
    ["Live world", live === "ready" ? good(live) : bad(live)],
    ["Node", node],
    ...servers.map((one): [string, string] => {
      const there = one.source !== "missing" && one.source !== "to-be-built";
      return [one.name, `${one.version}, ${there ? good(one.source) : bad(one.source)}`];
    }),
    ...packages.map((one): [string, string] => [one.name, one.found ? good("installed") : bad("missing")]),
    ["testcontainers", containers.testcontainers ? good("installed") : "not installed (for --backend container)"],
    ["container engine", containers.engine === null ? "none (for --backend container)" : engineText(containers, good)],
    ...buses.map((one): [string, string] => [one.name, busText(one, good, bad)]),
    ...advice.map((text, i): [string, string] => [i === 0 ? "To do" : "", text]),
  ];
  return renderPairs(pairs);
}

const engineText = ({ engine }: DoctorReport["containers"], good: (text: string) => string): string =>
  `${engine}, ${good("answers")}`;

function busText(bus: BusState, good: (text: string) => string, bad: (text: string) => string): string {
  if (bus.problem !== undefined) return bad("does not greet");
  if (!bus.built) return bad("not built yet");
  const unclaimed = bus.unclaimed === undefined ? "" : `; ${bad("neither signals nor memory")}`;
  const wrapped = bus.process === "wrapped" ? ", from within what wraps it" : "";
  return `${good("greets")} as ${bus.profile}, ${bus.client}${wrapped}: ${bus.capabilities.join(", ")}${unclaimed}`;
}

/**
 * The worlds there are: their names, and what follows from which one it was. Everything that tells worlds apart reads this and never
 * compares a name; a world that is added here is a name that options, files and reports know.
 */

export interface World {
  readonly name: string;
  /** The same seed gives the same trace, so that a finding comes again whenever it is run. */
  readonly isDeterministic: boolean;
  /** Real clients and servers: what is seen there is held against the others, and never the other way round. */
  readonly isReal: boolean;
}

export const modelWorld = { name: "model", isDeterministic: true, isReal: false } as const satisfies World;
export const liveWorld = { name: "live", isDeterministic: false, isReal: true } as const satisfies World;

/** The worlds in the order in which a case is run in them. */
const worlds = [modelWorld, liveWorld] as const;

export type WorldName = (typeof worlds)[number]["name"];

export const worldNames = [modelWorld.name, liveWorld.name] as const satisfies readonly WorldName[];

const named: ReadonlyMap<WorldName, World> = new Map(worlds.map(one => [one.name, one]));

export const isWorldName = (name: string): name is WorldName => named.has(name as WorldName);

export const isReal = (name: WorldName): boolean => named.get(name)?.isReal === true;

export const isDeterministic = (name: WorldName): boolean => named.get(name)?.isDeterministic === true;

/** The order in which reports show them: what is real first, then as they are run. */
export const inOrderShown = (all: readonly World[]): readonly World[] =>
  all.toSorted((a, b) => Number(b.isReal) - Number(a.isReal));

const shownOrder: readonly string[] = inOrderShown(worlds).map(one => one.name);

/** A comparison for sorting: below 0 where reports show `a` first. */
export const compareShown = (a: WorldName, b: WorldName): number => shownOrder.indexOf(a) - shownOrder.indexOf(b);

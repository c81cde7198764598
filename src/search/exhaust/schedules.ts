/**
 * All schedules within the bounds, as an automaton. The next step depends on the harness's view and the spent budgets, never on the model's
 * answers. `plan` alone decides what is enabled and what overlaps. Each node keeps one schedule that leads to it, and plans that schedule
 * with one more step.
 */
import { plan, type ScenarioStep, type SettleStep, settleId } from "../../../models/plan/plan.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Step } from "../../../models/vocabulary/scenario.ts";
import { type Bounds, type Letter, type Setting, type Spending, scenarioOf, spendings } from "./alphabet.ts";

export interface Edge {
  readonly planned: ScenarioStep;
  /** The node it leads to. */
  readonly to: number;
}

interface Node {
  /** One schedule that leads here; all others that lead here have the same future. */
  readonly steps: readonly Step[];
  readonly spent: Readonly<Record<Spending, number>>;
  /** A publish still runs, so the step that it races with must come next. */
  readonly isOpen: boolean;
  readonly mayEnd: boolean;
  settle?: SettleStep;
  edges?: readonly Edge[];
}

export class Schedules {
  private readonly nodes: Node[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly letters: readonly Letter[];
  private readonly bounds: Bounds;
  private readonly setting: Setting;
  private readonly profile: Profile;

  constructor(letters: readonly Letter[], bounds: Bounds, setting: Setting, profile: Profile) {
    this.letters = letters;
    this.bounds = bounds;
    this.setting = setting;
    this.profile = profile;
    const spent = Object.fromEntries(spendings.map(one => [one, 0])) as Record<Spending, number>;
    this.nodes.push({ steps: [], spent, isOpen: false, mayEnd: false });
  }

  /** The empty schedule. */
  readonly root = 0;

  isOpen(node: number): boolean {
    return this.at(node).isOpen;
  }

  /** False in the middle of a race, and where the heal that the harness appends would race with the client's own PINGs. */
  mayEnd(node: number): boolean {
    return this.at(node).mayEnd;
  }

  /** The last step of a case with this schedule. */
  settleAt(node: number): SettleStep {
    const at = this.at(node);
    at.settle ??= plan(scenarioOf(this.setting, at.steps), this.profile).settle;
    return at.settle;
  }

  edges(node: number): readonly Edge[] {
    const from = this.at(node);
    from.edges ??= this.letters.flatMap(letter => this.edgeBy(from, letter) ?? []);
    return from.edges;
  }

  /** The number of schedules with at most this many steps: paths through the automaton to a node that may end. */
  count(stepsMax: number): number {
    let total = 0;
    let level = new Map<number, number>([[this.root, 1]]);
    for (let depth = 1; depth <= stepsMax && level.size > 0; depth++) {
      const next = new Map<number, number>();
      for (const [node, paths] of level)
        for (const { to } of this.edges(node)) next.set(to, (next.get(to) ?? 0) + paths);
      for (const [node, paths] of next) if (this.mayEnd(node)) total += paths;
      level = next;
    }
    return total;
  }

  private at(node: number): Node {
    return this.nodes[node] as Node;
  }

  private edgeBy(from: Node, letter: Letter): Edge | undefined {
    const one = this.written(from, letter);
    if (one === undefined) return undefined;
    const { step, steps, spent } = one;
    if (step.kind === "publish" && step.overlap === true) return from.isOpen ? undefined : this.raceWith(steps, spent);
    const planned = this.plannedEnd(steps);
    const last = planned.at(-1);
    if (last === undefined || last.skipped !== undefined) return undefined;
    if (from.isOpen && planned.at(-2)?.overlapping !== true) return undefined;
    const nothingToHeal = last.after.link === "up" && last.after.hindrance === "none";
    const mayEnd = nothingToHeal || this.mayHeal(steps);
    return { planned: last, to: this.intern({ steps, spent, isOpen: false, mayEnd }, JSON.stringify(last.after)) };
  }

  /** A publish that races, if it has a step to race with. */
  private raceWith(steps: readonly Step[], spent: Node["spent"]): Edge | undefined {
    const open: Node = { steps, spent, isOpen: true, mayEnd: false };
    for (const letter of this.letters) {
      const next = this.written(open, letter);
      if (next === undefined) continue;
      const racing = this.plannedEnd(next.steps);
      const planned = racing.at(-2);
      if (planned?.overlapping !== true || racing.at(-1)?.skipped !== undefined) continue;
      return { planned, to: this.intern(open, `${JSON.stringify(planned.before)}${JSON.stringify(planned.after)}`) };
    }
    return undefined;
  }

  /** One more letter, or undefined where a bound forbids it. */
  private written(
    { steps, spent: before }: Node,
    letter: Letter,
  ): { step: Step; steps: readonly Step[]; spent: Node["spent"] } | undefined {
    const spent = { ...before };
    for (const one of letter.spends) if (++spent[one] > this.bounds[one]) return undefined;
    const [first = "starts"] = letter.spends;
    const step = letter.step(before[first] + 1, this.setting);
    return { step, steps: [...steps, step], spent };
  }

  private mayHeal(steps: readonly Step[]): boolean {
    const heal: Step = { id: settleId, kind: "heal", awaits: "connected" };
    return this.plannedEnd([...steps, heal]).at(-1)?.skipped === undefined;
  }

  /** The last two planned steps. */
  private plannedEnd(steps: readonly Step[]): readonly ScenarioStep[] {
    return plan(scenarioOf(this.setting, steps), this.profile)
      .steps.slice(-3)
      .filter(one => one.kind === "step");
  }

  private intern(node: Node, view: string): number {
    const key = `${view}${Object.values(node.spent).join()}${node.isOpen}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    this.byKey.set(key, this.nodes.length);
    return this.nodes.push(node) - 1;
  }
}

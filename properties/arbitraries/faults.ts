/** Random faults, as a fast-check Arbitrary. A fault waits for the client to notice it or for nothing, never for it to give up. */
import type fc from "fast-check";
import { frameBytes, oneSpace } from "../../models/vocabulary/frame.ts";
import { type Fault, serverErrorTexts } from "../../models/vocabulary/scenario.ts";
import { drawn, randomFrom } from "./drawn.ts";
import { drawableFaults, type FaultName, type FaultSpace } from "./kinds.ts";
import type { Random } from "./random.ts";
import { reductions } from "./reductions.ts";
import { scenarioWith } from "./schedule.ts";

/** Faults of the kinds that were asked for. They shrink to a plainer one of these kinds. @throws RangeError where no kind is left */
export function faults(space: FaultSpace = {}): fc.Arbitrary<Fault> {
  const kinds = drawableFaults(space);
  if (kinds.length === 0) throw new RangeError("the capabilities leave no kind of fault");
  return drawn({
    draw(chance) {
      const random = randomFrom(chance);
      return faultOf(random, random.pick(kinds));
    },
    isOne: (value): value is Fault => isFaultOf(value, kinds),
    *smaller(fault) {
      for (const one of plainerFaults(fault, space.policy)) if (kinds.includes(one.kind)) yield one;
    },
  });
}

const isFaultOf = (value: unknown, kinds: readonly FaultName[]): value is Fault =>
  typeof value === "object" && value !== null && "kind" in value && kinds.some(kind => kind === value.kind);

/** The greatest distance of a byte anchor, in frames. It stands at the end of a frame, or a byte to either side. */
const framesMax = 60;
const anchoredFrameBytes = frameBytes("subject", 16, oneSpace);

export function faultOf(random: Random, kind: FaultName): Fault {
  const awaits = random.chance(0.75) ? "noticed" : "none";
  switch (kind) {
    case "cut":
    case "power-loss":
      return { kind, awaits };
    case "stop-server":
      return { kind, signal: random.pick(["TERM", "KILL"]), awaits };
    case "limit":
      return { kind, bytes: Math.max(1, random.int(0, framesMax) * anchoredFrameBytes + random.int(-1, 1)) };
    case "server-error":
      return { kind, text: random.pick(serverErrorTexts), closes: random.chance(0.5) };
    default:
      return { kind };
  }
}

/** The faults that our reductions put in the place of one that stands alone. */
function* plainerFaults(fault: Fault, policy: FaultSpace["policy"]): Generator<Fault> {
  const alone = scenarioWith([{ id: "fault", kind: "fault", fault }], policy === undefined ? {} : { policy });
  for (const { steps } of reductions(alone)) {
    const [step, ...more] = steps;
    if (step?.kind === "fault" && more.length === 0 && JSON.stringify(step.fault) !== JSON.stringify(fault))
      yield step.fault;
  }
}

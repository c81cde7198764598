/** The end of a bare client's scenario: how the application ends its connection. */
import type { CallStep, Capability } from "../../models/vocabulary/scenario.ts";
import { before, fault, heal, id, payloads, publish, type ScenarioDraft } from "./draft.ts";

/** The application ends the connection, up or down; after it a publish is refused. */
export function shutdown(draft: ScenarioDraft, capabilities: ReadonlySet<Capability>): void {
  const { random } = draft;
  const mayHold = capabilities.has("hold") && capabilities.has("close") && draft.options.cutsWith === "fin";
  if (mayHold && random.chance(0.15)) {
    closeBehindAHold(draft);
    return;
  }
  const down = capabilities.has("cut") && random.chance(0.5);
  if (down) {
    if (random.chance(0.5)) before(draft);
    fault(draft, { kind: "cut", awaits: "noticed" });
    publish(draft);
  }
  const canClose = down || draft.options.cutsWith === "fin";
  const ends = (["close", "drain"] as const).filter(one => capabilities.has(one) && (one === "drain" || canClose));
  if (ends.length === 0) return;
  const kind = random.pick(ends);
  if (capabilities.has("together") && random.chance(0.5)) {
    const burst: CallStep = {
      id: id(draft, "burst"),
      kind: "publish",
      count: random.int(1, 1_000),
      bytes: random.pick(payloads),
    };
    draft.steps.push({
      id: id(draft, "together"),
      kind: "together",
      steps: [burst, { id: `${id(draft, kind)}-within`, kind }],
    });
  } else {
    publish(draft);
    draft.steps.push({ id: id(draft, kind), kind });
  }
  if (random.chance(0.3)) publish(draft, 3);
  if (down) heal(draft);
}

/** Closes behind a link that keeps what was sent, which then lets it go. */
function closeBehindAHold(draft: ScenarioDraft): void {
  before(draft);
  fault(draft, { kind: "hold" });
  publish(draft);
  draft.steps.push({ id: id(draft, "close"), kind: "close" });
  heal(draft);
}

/** The kinds of episode of a bare client: each a fault with messages under way, so that the fault can take effect, and its heal. */
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Capability } from "../../models/vocabulary/scenario.ts";
import {
  before,
  fault,
  flush,
  heal,
  id,
  payloads,
  publish,
  publishId,
  publishOverlapping,
  type ScenarioDraft,
  whileDown,
} from "./draft.ts";

/** A kind of episode: what it needs, and the steps it adds. */
export interface Episode {
  readonly name: string;
  readonly needs: readonly Capability[];
  /** Only with the client's own PINGs on, only without, or either. */
  readonly pings?: boolean;
  /** A proxy that resets would drop what is on its way to the server, too. */
  readonly finOnly?: true;
  /** The client has a last attempt; what does not await its giving up would race with it. */
  readonly givesUp?: true;
  add(draft: ScenarioDraft): void;
}

export const episodes: readonly Episode[] = [
  {
    name: "published while down",
    needs: ["cut"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      whileDown(draft);
      heal(draft);
    },
  },
  {
    name: "burst and cut",
    needs: ["cut"],
    pings: false,
    add(draft) {
      const { random } = draft;
      if (random.chance(0.5)) before(draft);
      publishOverlapping(draft, random.chance(0.3) ? 4_000 : 300);
      fault(draft, { kind: "cut", awaits: random.chance(0.7) ? "noticed" : "none" });
      if (random.chance(0.5)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "un-awaited",
    needs: ["cut"],
    pings: false,
    add(draft) {
      const { random } = draft;
      before(draft);
      fault(draft, { kind: "cut", awaits: random.chance(0.5) ? "none" : "noticed" });
      publish(draft);
      if (random.chance(0.2)) flush(draft, 60);
      heal(draft, "none");
      if (random.chance(0.7)) publish(draft);
      if (random.chance(0.2)) flush(draft, 2_000);
      heal(draft);
    },
  },
  {
    name: "held, then cut",
    needs: ["hold", "cut"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      if (draft.random.chance(0.15)) flush(draft, 40);
      fault(draft, { kind: "cut", awaits: "noticed" });
      if (draft.random.chance(0.5)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "held, then released",
    needs: ["hold"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      heal(draft);
    },
  },
  { name: "cut at a byte", needs: ["limit"], pings: false, finOnly: true, add: cutAtByte },
  {
    name: "published during the handshake",
    needs: ["cut", "handshake"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      if (draft.random.chance(0.5)) publish(draft);
      heal(draft, "handshake");
      publishOverlapping(draft, 60);
      heal(draft);
    },
  },
  {
    name: "blackhole, removed before it was noticed",
    needs: ["blackhole"],
    pings: false,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "blackhole" });
      publish(draft);
      heal(draft);
    },
  },
  {
    name: "blackhole, noticed",
    needs: ["blackhole", "stale-detection"],
    pings: true,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "blackhole" });
      publish(draft);
      draft.steps.push({ id: id(draft, "await"), kind: "await-noticed" });
      if (draft.random.chance(0.7)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "server paused, noticed",
    needs: ["pause-server", "stale-detection"],
    pings: true,
    finOnly: true,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "pause-server" });
      publish(draft);
      draft.steps.push({ id: id(draft, "await"), kind: "await-noticed" });
      heal(draft);
    },
  },
  {
    name: "server stopped and restarted",
    needs: ["stop-server"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "stop-server", signal: draft.random.pick(["TERM", "KILL"]), awaits: "noticed" });
      whileDown(draft);
      heal(draft);
    },
  },
];

/** The client's attempts are spent; afterwards it is closed for good. */
export const givingUp: Episode = {
  name: "gave up",
  needs: ["cut", "reconnect-attempts-limit"],
  pings: false,
  givesUp: true,
  add(draft) {
    before(draft);
    fault(draft, { kind: "cut", awaits: "gave-up" });
    publish(draft);
  },
};

/** A byte anchor at a frame's end, or one byte to either side of it, within the publishes that follow. */
function cutAtByte(draft: ScenarioDraft): void {
  const { random, profile, options } = draft;
  flush(draft);
  const bytes = random.pick(payloads);
  const count = random.int(1, 60);
  const frame = frameBytes(options.subject, bytes, profile);
  const anchor = Math.max(1, random.int(0, count) * frame + random.int(-1, 1));
  fault(draft, { kind: "limit", bytes: Math.min(anchor, count * frame) });
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes });
  if (random.chance(0.5)) publish(draft);
  heal(draft);
}

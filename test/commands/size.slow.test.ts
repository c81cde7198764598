/** The first refused publish of real clients, at settings drawn by chance, held against the prediction of `size`. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drilledLive } from "../../src/desk/size/live.ts";
import type { DrilledSize } from "../../src/report/size/size.ts";
import { knownPolicy } from "../../src/runs/policies.ts";
import { openSite, type Site } from "../../src/worlds/live/index.ts";
import { faultline } from "./faultline.ts";

let site: Site;
beforeAll(async () => {
  site = await openSite(() => {}, { lanes: 1, backend: "process" });
});
afterAll(() => site.close());

const { policy } = knownPolicy("cordum-hardened");

const load = fc.record({ perSecond: fc.integer({ min: 1, max: 500 }), bytes: fc.integer({ min: 0, max: 4_000 }) });
const settings = fc.sample(
  fc.record({ limit: fc.integer({ min: 1, max: 400_000 }), heartbeats: load, alerts: load, progress: load }),
  { seed: 1612, numRuns: 20 },
);

const filled = (
  bus: string,
  { limit, heartbeats, alerts, progress }: (typeof settings)[number],
): Promise<DrilledSize> =>
  drilledLive(site, bus, { ...policy, client: { ...policy.client, reconnectBufferBytesMax: limit } }, [
    { family: "sys.heartbeat", subject: "sys.heartbeat", load: heartbeats },
    { family: "sys.alert", subject: "sys.alert", load: alerts },
    { family: "sys.job.progress", subject: "sys.job.progress", load: progress },
  ]);

test.each(["go-nats-go", "python-nats-py"])(
  "%s refuses exactly where predicted, at 20 settings",
  async bus => {
    for (const one of settings) {
      const { verdict, reason, predicted, observed } = await filled(bus, one);
      expect([JSON.stringify(one), verdict, reason, observed]).toEqual([
        JSON.stringify(one),
        "holds",
        reason,
        predicted,
      ]);
      expect(predicted).not.toBe(null);
    }
  },
  300_000,
);

test("--drill shows predicted beside observed, with the memory", async () => {
  const args = ["size", "cordum-hardened", "--rate", "500", "--bytes", "60000", "--outage", "2m", "--drill"];
  const { code, json } = await faultline([...args, "--bus", "go-nats-go", "--bus", "typescript-nats-js-3", "--json"]);
  const [go, js] = json.drilled as readonly DrilledSize[];
  expect(code).toBe(0);
  expect(go).toMatchObject({ verdict: "holds", observed: go?.predicted, observedLost: 0 });
  // What it keeps is in its memory.
  expect((go?.peakBytes ?? 0) - (go?.residentBytes ?? 0)).toBeGreaterThan(33_554_432);
  expect(js).toMatchObject({ verdict: "holds", observed: null, observedLost: js?.published });
});

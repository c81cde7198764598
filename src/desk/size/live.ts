/** The live run that fills the buffer of a real client, held against the prediction. */
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { reasonText } from "../../findings/broke.ts";
import { missingCapabilities } from "../../judge/capability.ts";
import { judge } from "../../judge/judge.ts";
import { planFor } from "../../judge/run.ts";
import type { DrilledSize } from "../../report/size/size.ts";
import { clientText } from "../../runs/live.ts";
import { profileOf } from "../../runs/profiles.ts";
import type { Site } from "../../worlds/live/index.ts";
import { fillingCase } from "./drilled.ts";
import { type FamilyLoad, flowsOf } from "./flows.ts";

type Sample = Pick<DrilledSize, "residentBytes" | "peakBytes">;

export async function drilledLive(
  site: Site,
  bus: string,
  policy: Policy,
  loads: readonly FamilyLoad[],
): Promise<DrilledSize> {
  const stage = await site.openBus(bus);
  const { profile } = profileOf(stage.greeting.profile, bus, undefined);
  const head = { bus, client: clientText(stage), profile: profile.name };
  const filling = fillingCase(policy, profile, flowsOf(policy, profile, loads));
  const nothing = { published: 0, predicted: null, observed: null, predictedLost: 0, observedLost: 0 };
  const unknown = { residentBytes: null, peakBytes: null, verdict: "inconclusive" } as const;
  if (filling === undefined)
    return { ...head, ...nothing, ...unknown, reason: "nothing that is published goes out as core NATS" };
  const { scenario, ...predicted } = filling;
  const missing = missingCapabilities(scenario, stage.capabilities);
  if (missing.length > 0)
    return { ...head, ...nothing, ...predicted, ...unknown, reason: `the bus lacks ${missing.join(", ")}` };
  const planned = planFor(stage, { scenario, bus, profile, seed: "size" });
  const events: Event[] = [];
  const samples: { residentBytes: number; peakBytes: number }[] = [];
  await stage.runAlone(
    planned,
    event => events.push(event),
    sample => samples.push(sample),
  );
  const judgement = judge(planned, events, {});
  const observed = firstRefusal(events);
  const observedLost = judgement.ledger.classes.silentLoss;
  const isAsPredicted = observed === predicted.predicted && observedLost === predicted.predictedLost;
  const verdict = judgement.verdict === "holds" && !isAsPredicted ? "violated" : judgement.verdict;
  const reason = verdict === judgement.verdict ? reasonText(judgement) : "another figure than predicted";
  return { ...head, ...predicted, observed, observedLost, ...memoryOf(samples), verdict, reason };
}

function firstRefusal(events: readonly Event[]): number | null {
  const first = events.find(
    event => event.kind === "published" && event.outcome.is === "rejected" && event.outcome.kind === "buffer-full",
  );
  return first?.kind === "published" ? first.first : null;
}

const memoryOf = (samples: readonly { readonly residentBytes: number; readonly peakBytes: number }[]): Sample =>
  samples.length === 0
    ? { residentBytes: null, peakBytes: null }
    : {
        residentBytes: samples[0]?.residentBytes ?? null,
        peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
      };

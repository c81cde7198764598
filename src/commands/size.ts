/**
 * `faultline size`: how large the reconnect buffer has to be, and what an outage costs with the one that is there, for each client. Runs a server with
 * `--drill` alone, which fills the buffer of a real client and holds the prediction against it.
 */

import { subjectsByTreatment } from "../../models/policy/subjects.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { worst } from "../../models/vocabulary/verdict.ts";
import { declaredLoads, type FamilyLoad, flowsOf } from "../desk/size/flows.ts";
import { drilledLive } from "../desk/size/live.ts";
import { declaredOutageMs, sizeOf } from "../desk/size/size.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { subjectShape } from "../files/policy-schema.ts";
import type { PolicySource } from "../files/policy-source.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { plotSvg } from "../report/size/plot.ts";
import { type DrilledSize, renderSize, type SizeReport } from "../report/size/size.ts";
import type { Context } from "../runs/context.ts";
import { unlessInterrupted } from "../runs/interrupt.ts";
import { onSite } from "../runs/on-site.ts";
import { bundledNames, bundledProfile, knownProfile } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";
import { msText } from "../text/durations.ts";
import type { BackendName } from "../worlds/live/backend.ts";

export interface AskedSize {
  readonly source: PolicySource;
  readonly profiles: readonly string[];
  readonly outageMs: number | undefined;
  /** The reader's own figures, in place of the declared loads. */
  readonly own:
    | { readonly perSecond: number; readonly bytes: number; readonly subject: string | undefined }
    | undefined;
  readonly svg: boolean;
  readonly drill: { readonly buses: readonly string[]; readonly backend: BackendName } | undefined;
}

const outageMsAssumed = 60_000;

/** @throws UsageError where nothing says how much is published */
export async function sizeBuffer(context: Context, asked: AskedSize): Promise<CommandEnding> {
  const { source, svg } = asked;
  const { policy } = source;
  const loads = loadsOf(policy, asked);
  const { outageMs, outageFrom } = outageOf(policy, asked);
  const named = asked.profiles.length === 0 ? Object.values(profiles) : asked.profiles.map(knownProfile);
  const clients = named.map(profile => ({ ...sizeOf(policy, profile, loads, outageMs), special: specialOf(profile) }));
  const drilled = asked.drill === undefined ? [] : await drillAll(context, asked, policy, named, loads);
  const [first = knownProfile("nats-go")] = named;
  const document: SizeReport = {
    ...{ policy: policy.name, outageMs, outageFrom },
    replicas: policy.supervisor.replicas ?? null,
    memoryBytesMax: policy.supervisor.memoryBytesMax ?? null,
    flows: flowsOf(policy, first, loads).map(({ sendingsMs: _, ...flow }) => flow),
    clients,
    drilled,
  };
  const verdict = worst(["holds", ...drilled.map(one => one.verdict)]);
  const text = svg
    ? rendered(plotSvg, clients, `${policy.name}: pending bytes in an outage of ${msText(outageMs)}`)
    : rendered(renderSize, document, context.paint);
  // The drawing is a file, and stands alone on stdout.
  const beside = svg ? rendered((): string => `The outage is ${msText(outageMs)}: ${outageFrom}.`) : undefined;
  return { kind: "size", document, exitCode: exitCodes[verdict], text, beside };
}

function loadsOf(policy: Policy, { own }: AskedSize): readonly FamilyLoad[] {
  if (own === undefined) {
    const declared = declaredLoads(policy);
    if (declared.length > 0) return declared;
    throw new UsageError(
      `No family of ${policy.name} declares a load, so nothing says how much is published: add families[].load {perSecond, bytes}, or use --rate 200 --bytes 512.`,
    );
  }
  const { perSecond, bytes } = own;
  const { core, captured, durable } = subjectsByTreatment(policy);
  const subject = own.subject ?? [...core, ...captured, ...durable][0] ?? "subject";
  const [issue] = subjectShape.safeParse(subject).error?.issues ?? [];
  if (issue !== undefined) throw new UsageError(`--subject ${JSON.stringify(subject)} ${issue.message}.`);
  return [{ family: "--rate", subject, load: { perSecond, bytes } }];
}

function outageOf(policy: Policy, { outageMs }: AskedSize): Pick<SizeReport, "outageMs" | "outageFrom"> {
  if (outageMs !== undefined) return { outageMs, outageFrom: "--outage" };
  const declared = declaredOutageMs(policy);
  if (declared !== undefined) return { outageMs: declared, outageFrom: "the longest that the policy declares" };
  return { outageMs: outageMsAssumed, outageFrom: "assumed: the policy declares none, so say --outage 90s" };
}

function specialOf({ reconnectBuffer }: Profile): string {
  if (reconnectBuffer.kind === "reset-at-dial")
    return "there is no such option: what is published while down is wiped at the next dial, and every call returns as if it were sent";
  const zero =
    reconnectBuffer.zero === "default"
      ? "0 is its default and no way to switch it off"
      : "0 refuses every publish while down";
  return `${zero}; -1 refuses every publish while down, and is not "without a limit"`;
}

async function drillAll(
  context: Context,
  { drill }: AskedSize,
  policy: Policy,
  named: readonly Profile[],
  loads: readonly FamilyLoad[],
): Promise<readonly DrilledSize[]> {
  const { buses = [], backend = "process" } = drill ?? {};
  const all =
    buses.length > 0 ? buses : bundledNames().filter(bus => named.some(({ name }) => name === bundledProfile(bus)));
  const drilled: DrilledSize[] = [];
  const work = onSite(context, { lanes: 1, backend }, 1, async site => {
    for (const bus of all) drilled.push(await drilledLive(site, bus, policy, loads));
  });
  await unlessInterrupted(context.signal, work);
  return drilled;
}

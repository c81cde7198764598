/** Question 2: what becomes of a publish while the bus is down, family by family, and where exactly the reconnect buffer is full. */

import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { type FamilySubject, familySubjects } from "../../models/policy/subjects.ts";
import { beside, optionDefaults } from "../../models/policy/under.ts";
import { accepts, bufferBytesMax } from "../../models/reconnect-buffer.ts";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { cut, type DrillCase, drillCase, heal, publish, slug, start } from "./drill.ts";

const outageCount = 20;
const smallBytes = 65_536;
/** The approximate number of publishes that fill a buffer, and the number beyond its limit. */
const fillCount = 4_000;
const beyondCount = 25;
const fillBytesMin = 100;
/** The bytes to publish where nothing is ever refused. */
const unboundedBytes = 8_388_608;

/** The step that fills the buffer. */
export const fillId = "fill";

interface BufferSize {
  readonly name: string;
  readonly policy: Policy;
}

export function bufferCases(policy: Policy, profile: Profile): readonly DrillCase[] {
  const all = familySubjects(policy);
  const subject = all.find(one => !isClassifiedDurable(policy, one.subject))?.subject ?? "unnamed";
  return [
    ...all.map(one => outage(policy, one)),
    ...sizesOf(policy, profile).map(one => filled(one, profile, subject)),
  ];
}

function outage(policy: Policy, { subject }: FamilySubject): DrillCase {
  const isDurable = isClassifiedDurable(policy, subject);
  return drillCase({
    question: "buffer",
    claim: `an-outage-under-${slug(subject)}`,
    about: `${subject} is published while the bus is down`,
    part: "outage",
    policy,
    steps: [start(), cut, publish(subject, isDurable ? 1 : outageCount), heal, publish(subject, 1)],
  });
}

/** The policy's own size, and beside it the client's default, a small one, and none. */
function sizesOf(policy: Policy, { reconnectBuffer }: Profile): readonly BufferSize[] {
  const { reconnectBufferBytesMax: own, ...client } = policy.client;
  const sized = (bytes: number, name: string): BufferSize => ({
    name,
    policy: beside(policy, `buffer-${name}`, { client: { ...client, reconnectBufferBytesMax: bytes } }),
  });
  const ownSize: BufferSize = { name: own === undefined ? "own (default)" : "own", policy };
  const standard: BufferSize = { name: "default", policy: beside(policy, "buffer-default", { client }) };
  const set = reconnectBuffer.kind === "kept" ? [sized(smallBytes, "small"), sized(-1, "off")] : [];
  return [ownSize, ...(own === undefined ? [] : [standard]), ...set];
}

function filled({ name, policy }: BufferSize, profile: Profile, subject: string): DrillCase {
  const { bytes, count } = toFill(policy, profile, subject);
  return drillCase({
    question: "buffer",
    claim: `${slug(name)}-size-is-filled`,
    about: `${count} × ${bytes} bytes while down, with the buffer's size ${name}`,
    part: "size",
    policy,
    ...(name.startsWith("own") ? {} : { variant: name }),
    steps: [
      start(),
      { kind: "flush", timeoutMs: 5_000 },
      cut,
      publish(subject, count, { bytes, id: fillId }),
      heal,
      publish(subject, 1),
    ],
  });
}

/** Payload size and message count: a little more than the buffer takes. */
function toFill(policy: Policy, profile: Profile, subject: string): { readonly bytes: number; readonly count: number } {
  const options: Options = { subject, ...optionDefaults, cutsWith: "fin", ...policy.client };
  const limitBytes = bufferBytesMax(profile, options);
  const bytes = Math.max(
    fillBytesMin,
    Math.ceil((Number.isFinite(limitBytes) ? limitBytes : unboundedBytes) / fillCount),
  );
  const frame = frameBytes(subject, bytes, profile);
  const whole = { first: 0, count: 2 * fillCount, frameBytes: frame };
  const taken = Number.isFinite(limitBytes) ? accepts(0, whole, profile, options) : fillCount;
  return { bytes, count: taken + beyondCount };
}

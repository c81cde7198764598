/** The messages that one replica publishes in an outage, as flows of equal messages: from the declared loads, or from figures of the reader's own. */
import { viaOf } from "../../../models/durable-path.ts";
import { isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { attemptAtMs, attemptsInAll } from "../../../models/policy/publishing.ts";
import { familySubjects } from "../../../models/policy/subjects.ts";
import type { Load } from "../../../models/vocabulary/expectation.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";

/** The load of a family, on the subject that stands for it. */
export interface FamilyLoad {
  readonly family: string;
  readonly subject: string;
  readonly load: Load;
}

/** Messages of one subject and one size, at equal distances. */
export interface Flow {
  readonly family: string;
  readonly subject: string;
  readonly perSecond: number;
  readonly payloadBytes: number;
  readonly frameBytes: number;
  /** Published through JetStream. */
  readonly durable: boolean;
  /**
   * The moments at which a call hands its message to the client, from its beginning. A call whose acknowledgement does not come
   * hands it over again with each attempt.
   */
  readonly sendingsMs: readonly number[];
}

/** The families that declare a load. */
export const declaredLoads = (policy: Policy): readonly FamilyLoad[] =>
  familySubjects(policy).flatMap(({ family: { subjects: family, load }, subject }) =>
    load === undefined ? [] : [{ family, subject, load }],
  );

export const flowsOf = (policy: Policy, profile: Profile, loads: readonly FamilyLoad[]): readonly Flow[] =>
  loads.flatMap(({ family, subject, load: { perSecond, bytes } }) => {
    const durable = isClassifiedDurable(policy, subject);
    const isAsync = policy.families.some(one => one.subjects === family && one.publishPath === "js-async");
    const attempts = durable ? attemptsInAll(policy.publish, isAsync) : 1;
    const sendingsMs = Array.from({ length: attempts }, (_, i) => attemptAtMs(policy.publish, i));
    const sizes = typeof bytes === "number" ? [{ bytes, share: 1 }] : bytes;
    return sizes.map((size): Flow => {
      const step = { id: "publish", kind: "publish", count: 1, bytes: size.bytes, subject } as const;
      const { frameBytes } = viaOf(policy, profile, step, { subject, durable, first: 0 });
      return {
        ...{ family, subject, perSecond: perSecond * size.share, payloadBytes: size.bytes },
        ...{ frameBytes, durable, sendingsMs },
      };
    });
  });

/** The messages of a flow that are published up to that moment. */
export const publishedBy = ({ perSecond }: Pick<Flow, "perSecond">, ms: number): number =>
  Math.max(0, Math.floor((ms * perSecond) / 1_000 + 1e-9));

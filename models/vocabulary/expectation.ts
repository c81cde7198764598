/**
 * The parts of a policy that say what people rely on: what a family of subjects owes its readers beyond its durability, and the deployment of
 * the servers. The operators' commands hold the rest of the policy against them. The model reads none of these words.
 */

/** The way in which a family is to be published: through JetStream and waited for, through JetStream and not, or as core NATS. */
export type PublishPath = "js-ack" | "js-async" | "core";

/** The longest time for which a reader of the family may hear nothing around each kind of event. Absent: nothing is declared. */
export interface GapsAllowed {
  readonly serverRestartMs?: number;
  readonly clientRestartMs?: number;
  readonly rolloutMs?: number;
  /** Another server of a cluster takes over. */
  readonly failoverMs?: number;
}

/** Messages of one size, and their share of all; the shares of a family add up to 1. */
export interface SizeShare {
  readonly bytes: number;
  readonly share: number;
}

/** The messages that one replica publishes: how many in a second, and the bytes of their payloads. */
export interface Load {
  readonly perSecond: number;
  readonly bytes: number | readonly SizeShare[];
}

/** The expectations of a family. Each may be absent: then nobody has declared it. */
export interface FamilyExpectation {
  /** The people who answer for it. */
  readonly owner?: string;
  readonly publishPath?: PublishPath;
  readonly gaps?: GapsAllowed;
  /**
   * The repair of a message that was missed. `period`: the next one of its kind comes anyway. `poll`: its readers ask for the state.
   * `re-register`: its publishers announce themselves again.
   */
  readonly healedBy?: "period" | "poll" | "re-register";
  /** The time within which that repair comes. */
  readonly healsWithinMs?: number;
  /** The age at which a message is of no more use. */
  readonly staleAfterMs?: number;
  /** True where readers put up with a message that comes twice. */
  readonly duplicatesTolerated?: boolean;
  /** The id that its messages are to carry: parts, as in `publish.messageIds`, or `none`. */
  readonly idRule?: "none" | "event" | "key" | readonly ("event" | "key" | "subject" | { readonly constant: string })[];
  readonly load?: Load;
}

/** The deployment of the NATS servers, as far as a policy needs it. */
export interface ServerPolicy {
  /** The servers of the cluster. Absent: one. */
  readonly count?: number;
  /** The grace period of a server: the time from the order to stop to SIGKILL. */
  readonly killAfterMs?: number;
  /** The time that a server in lame duck mode takes to leave, its grace in it. Absent: 120 s, the default of nats-server. */
  readonly lameDuckMs?: number;
  /** The time between two writes of a stream to its disk; 0: with every message. Absent: 2 min, the default of nats-server. */
  readonly syncMs?: number;
  /** False where the disk of a server goes with its pod. Absent: nothing is known of it. */
  readonly keepsDisk?: boolean;
}

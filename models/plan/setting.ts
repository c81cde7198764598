/** What is known before a scenario runs: what its policy, its client and its options declare, and what the injectors cannot do. */
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Options } from "../vocabulary/scenario.ts";

/** What an injector may be unable to do, or to keep from happening. */
export const injectorLimits = [
  /** The sockets between client and server take a bounded number of bytes that nobody reads, and then block the call. */
  "socket-buffers",
  /** A short wait may end before a round trip, since the machine does other things too. */
  "machine-load",
  /** A cut by RST drops what is under way to the server as well. */
  "proxy-reset",
  /** The client's own timers, its PINGs and the waits between its dials, run on while the steps are done. */
  "client-timers",
] as const;
export type InjectorLimit = (typeof injectorLimits)[number];
export type InjectorLimits = ReadonlySet<InjectorLimit>;

/** Real clients behind Toxiproxy, on a machine that does other things too. */
export const liveLimits: InjectorLimits = new Set(injectorLimits);

export interface Setting {
  readonly policy: Policy | undefined;
  readonly profile: Profile;
  readonly options: Options;
  readonly limits: InjectorLimits;
}

/** Under a policy the process has a life of its own. */
export interface ServiceSetting extends Setting {
  readonly policy: Policy;
}

export const hasPolicy = (setting: Setting): setting is ServiceSetting => setting.policy !== undefined;

/** Facts known before a scenario runs: the declarations of its policy, client and options, and the limits of the injectors. */
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Options } from "../vocabulary/scenario.ts";

/** Things that an injector may be unable to do, or unable to prevent. */
export const injectorLimits = [
  /** The sockets between client and server take a bounded number of unread bytes, and then block the call. */
  "socket-buffers",
  /** A short wait may end before a round trip, since the machine is shared. */
  "machine-load",
  /** A cut by RST also drops what is on its way to the server. */
  "proxy-reset",
  /** The client's own timers, its PINGs and the waits between its dials, run on while the steps are done. */
  "client-timers",
] as const;
export type InjectorLimit = (typeof injectorLimits)[number];
export type InjectorLimits = ReadonlySet<InjectorLimit>;

/** The limits of real clients behind Toxiproxy on a shared machine. */
export const liveLimits: InjectorLimits = new Set(injectorLimits);

export interface Setting {
  readonly policy: Policy | undefined;
  readonly profile: Profile;
  readonly options: Options;
  readonly limits: InjectorLimits;
}

/** The setting under a policy, where the process has a life too. */
export interface ServiceSetting extends Setting {
  readonly policy: Policy;
}

export const hasPolicy = (setting: Setting): setting is ServiceSetting => setting.policy !== undefined;

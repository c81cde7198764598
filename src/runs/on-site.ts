/** The live world as a command opens it: its progress is shown, and it is closed however the command ends. */
import type { Site, SiteOptions } from "../worlds/live/index.ts";
import type { Context } from "./context.ts";
import { unlessInterrupted } from "./interrupt.ts";
import { openSite } from "./live.ts";

/** Starts at once. @throws LiveUnavailable */
export async function openLive(context: Context, options: SiteOptions, casesMax: number): Promise<Site> {
  const site = await openSite(line => context.progress.now(line), options, casesMax);
  context.onLeave(() => site.close());
  return site;
}

/** Opens the site, does the work on it, and closes it however that ends. */
export async function onSite<T>(
  context: Context,
  options: SiteOptions,
  casesMax: number,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  const site = await unlessInterrupted(context.signal, openLive(context, options, casesMax));
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}

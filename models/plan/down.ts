/** The change that the end of the connection makes to the view. */
import type { FaultAwait } from "../vocabulary/scenario.ts";
import type { View } from "./view.ts";

export function advanceDown(view: View, awaits: FaultAwait): void {
  view.hindrance = "none";
  view.keptBytes = 0;
  view.link = "down";
  if (view.ended !== "no") return;
  view.client = awaits === "none" ? "unsure" : "disconnected";
  if (awaits === "gave-up") view.ended = "closed";
}

/** The changes to the view at the end of a hindrance, and at the end of the connection. */
import type { FaultAwait } from "../vocabulary/scenario.ts";
import type { View } from "./view.ts";

/** Ends the hindrance, and leaves nothing of it in the view. So views that mean the same are equal. */
export function endHindrance(view: View): void {
  view.hindrance = "none";
  view.limitBytesLeft = 0;
  view.limitStep = "";
  view.keptBytes = 0;
}

export function advanceDown(view: View, awaits: FaultAwait): void {
  endHindrance(view);
  view.link = "down";
  if (view.ended !== "no") return;
  view.client = awaits === "none" ? "unsure" : "disconnected";
  if (awaits === "gave-up") view.ended = "closed";
}

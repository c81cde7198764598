/**
 * The words for what the oracle found, for a reader and not for code. The oracle compares entries by key and gives its reason as data; code
 * that shows a reason calls this.
 */
import type { Disagreement, Reason } from "./explanation.ts";
import type { CallTold, PublishTold, ServiceTold } from "./told.ts";
import type { CallOutcome, Content } from "./vocabulary/event.ts";

/** The oracle's reason, in one line. */
export function worded(reason: Reason): string {
  switch (reason.kind) {
    case "foreign":
      return `${reason.count} messages arrived that no one published`;
    case "altered": {
      const { message, published, arrived } = reason;
      return `message ${message} was published ${contentText(published)} and arrived ${contentText(arrived)}`;
    }
    case "out-of-evaluations":
      return `no answer within ${reason.evaluationsMax} step evaluations`;
    case "disagreement": {
      const { lead, at, matched, deliveries } = reason;
      const what = lead === undefined ? "nothing that the model can do fits" : disagreementText(lead);
      return `${what} (at ${at}, after ${matched} of ${deliveries} deliveries matched)`;
    }
  }
}

export const contentText = ({ subject, bytes }: Content): string => `on ${subject} with ${bytes} bytes`;

function disagreementText(one: Disagreement): string {
  switch (one.kind) {
    case "publish": {
      const got = one.observed === undefined ? "no publish call" : outcomeText(one.observed);
      return `publish of message ${one.message} at ${one.step}: the model says ${outcomeText(one.says)}; observed ${got}`;
    }
    case "call": {
      const got = one.observed === undefined ? "no such call" : callText(one.observed);
      return `${one.step}: the model says ${callText(one.says)}; observed ${got}`;
    }
    case "connection":
      return `the model says the client becomes ${one.says}; observed ${one.observed ?? "nothing more"}`;
    case "service": {
      const got = one.observed === undefined ? "nothing more" : serviceText(one.observed);
      return `the model says: ${serviceText(one.says)}; observed ${got}`;
    }
    case "delivery": {
      const there = one.observed === undefined ? "nothing more arrived" : `message ${one.observed} arrived there`;
      return `the model says message ${one.message} arrives as number ${one.nth}; ${there}`;
    }
    case "delivered-though-lost":
      return `message ${one.message} arrived, but in the model it no longer can`;
    case "delivery-beyond":
      return `message ${one.message} arrived as number ${one.nth}, but the model delivers nothing more`;
    case "connection-beyond":
      return `the client became ${one.observed}, but the model says nothing more`;
    case "service-beyond":
      return `observed: ${serviceText(one.observed)}; but the model says nothing more`;
  }
}

function outcomeText(told: PublishTold | CallOutcome): string {
  if (told.is === "never-returned") return "never returned";
  if ("kind" in told) return `${told.is} ${told.kind}`;
  return "duplicate" in told ? `${told.is} as a duplicate` : told.is;
}

const callText = ({ call, outcome }: CallTold): string => `${call} ${outcomeText(outcome)}`;

function serviceText(told: ServiceTold): string {
  switch (told.kind) {
    case "holds":
      return `${told.stream} holds message ${told.message}`;
    case "handled": {
      const { replica, subject, delivery, outcome, message } = told;
      return `replica ${replica} is given, for the ${delivery}. time, on ${subject}, and ${outcome}: message ${message}`;
    }
    case "process": {
      if (told.change !== "exited") return `replica ${told.replica} ${told.change}`;
      const { replica, change, because, forced, toldLost } = told;
      return `replica ${replica} ${change} ${because}${forced ? ", forced" : ""}, ${toldLost} told lost`;
    }
    case "probe": {
      const { ready, live, connected, durable } = told;
      return `ready ${ready}, live ${live}, connected ${connected}, durable ${durable}`;
    }
  }
}

/**
 * The words for what the oracle found, for a reader and not for code. The oracle compares entries by key and gives its reason as data; code
 * that shows a reason calls this.
 */
import type { Contradiction } from "./contradiction.ts";
import type { Disagreement, Reason, SeenActor } from "./explanation.ts";
import type { Dialled } from "./observation.ts";
import type { CallTold, PublishTold, ServiceTold } from "./told.ts";
import type { CallOutcome, Content } from "./vocabulary/event.ts";

/** The oracle's reason, in one line. */
export function worded(reason: Reason): string {
  switch (reason.kind) {
    case "foreign":
      return `${reason.count} messages arrived that no one published`;
    case "closed-client-back":
      return "the client had closed, and was connected again";
    case "dead-letter-missing":
      return `message ${reason.message} was said to be stored as a dead letter, and ${reason.stream} does not hold it`;
    case "altered": {
      const { message, published, arrived } = reason;
      return `message ${message} was published ${contentText(published)} and arrived ${contentText(arrived)}`;
    }
    case "repeated":
      return `the client said ${reason.times} times in a row that it was ${reason.change}; it may say so ${reason.timesMax === 1 ? "once" : `${reason.timesMax} times`}`;
    case "contradiction":
      return contradictionText(reason.contradiction);
    case "turns-unknown":
      return "two faults met what several publishers had sent, and the order of their calls between the two is not known";
    case "out-of-evaluations":
      return `no answer within ${reason.evaluationsMax} step evaluations`;
    case "disagreement": {
      const { lead, at, matched, deliveries } = reason;
      const what = lead === undefined ? "nothing that the model can do fits" : disagreementText(lead);
      return `${what} (at ${at}, after ${matched} of ${deliveries} deliveries matched)`;
    }
  }
}

function contradictionText(one: Contradiction): string {
  switch (one.kind) {
    case "told-twice":
      return `the publish call of message ${one.message} at ${one.step} was answered twice`;
    case "arrived-before-publish":
      return `message ${one.message} arrived before it was published at ${one.step}`;
    case "told-out-of-order":
      return `the publish call of message ${one.message} at ${one.step} was answered after a later one`;
    case "seen-after-settled":
      return `after all had settled there was one more event: ${one.event}`;
    case "handled-after-exit":
      return `message ${one.message} was handled by replica ${one.replica}, which had exited`;
  }
}

export const contentText = ({ subject, bytes }: Content): string => `on ${subject} with ${bytes} bytes`;

function disagreementText(one: Disagreement): string {
  switch (one.kind) {
    case "publish": {
      const got = one.observed === undefined ? "no publish call" : outcomeText(one.observed);
      return `publish of message ${one.message} at ${one.step}: the model says ${outcomeText(one.says)}; observed ${got}${one.whileDown ? refusedWhileDown : ""}`;
    }
    case "call": {
      const got = one.observed === undefined ? "no such call" : callText(one.observed);
      return `${one.step}: the model says ${callText(one.says)}; observed ${got}`;
    }
    case "publish-as":
      if (one.field === "tookMs")
        return `publish of message ${one.message} took ${one.observed} ms; the model says ${one.says} ms`;
      return `publish of message ${one.message}: the model says ${one.field} ${one.says}; observed ${one.observed ?? "none"}`;
    case "publish-beyond":
      return `${one.published} messages were published, and ${one.says} were asked for`;
    case "call-beyond":
      return `${one.step}: observed ${callText(one.observed)}, and no such call was asked for`;
    case "answered-in-order":
      return `${one.step}: the model says that its calls are answered next; observed answers to ${one.observed}`;
    case "arrived-late":
      return `${one.step}: the flush said ok, and message ${one.message} arrived only later`;
    case "seen-by": {
      const { step, actor, says, observed } = one;
      return `${step}: the model says that it ends after ${says} events of ${actorText[actor]}; observed ${observed}`;
    }
    case "connection":
      return `the model says the client becomes ${one.says}; observed ${one.observed ?? "nothing more: the client did not say so, or the bus does not forward it"}`;
    case "dialled": {
      const got = one.observed === undefined ? "none were counted" : `observed ${dialledText(one.observed)}`;
      return `${one.step}: the model says ${dialledText(one.says)}; ${got}`;
    }
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

const refusedWhileDown =
  ": the client did not keep it while down, or the bus refuses by itself what its client would keep";

const dialledText = ({ count, end }: Dialled): string => `${dialsText(count)}, and ${endText[end]}`;
const dialsText = (count: number): string => (count === 1 ? "1 refused dial" : `${count} refused dials`);
const endText: Readonly<Record<Dialled["end"], string>> = {
  "gave-up": "the client gives up",
  "went-on": "the client goes on",
  healed: "the outage is over",
};

const actorText: Readonly<Record<SeenActor, string>> = {
  connection: "the connection",
  answered: "the calls",
  processes: "the processes",
  probes: "the probes",
};

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
      const { replica, subject, delivery, outcome, message, tookMs } = told;
      const took = tookMs === undefined ? "" : ` after ${tookMs} ms`;
      return `replica ${replica} is given, for the ${delivery}. time, on ${subject}, and ${outcome}${took}: message ${message}`;
    }
    case "process": {
      if (told.change === "started") return `replica ${told.replica} started by its ${told.by}`;
      if (told.change === "stopping") return `replica ${told.replica} stopping`;
      const { replica, change, because, code, tookMs, forced, toldLost } = told;
      return `replica ${replica} ${change} ${because}${forced ? ", forced" : ""}, with code ${code} after ${tookMs} ms, ${toldLost} told lost`;
    }
    case "probe": {
      const { ready, live, connected, durable } = told;
      return `ready ${ready}, live ${live}, connected ${connected}, durable ${durable}`;
    }
  }
}

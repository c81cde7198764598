/** The audits are those of nats-server 2.15.2, read from a run; ids are others. */
import { expect, test } from "vitest";
import { removalIn } from "../../../src/worlds/live/audit.ts";

const audit = (subject: string, response: object, client: object = { id: 6, acc: "$G", name: "ops" }): string =>
  JSON.stringify({
    ...{ type: "io.nats.jetstream.advisory.v1.api_audit", id: "OFAo", server: "NCIA", client },
    ...{ subject: `$JS.API.${subject}`, request: '{"seq":4}', response: JSON.stringify(response) },
  });
const done = { type: "io.nats.jetstream.api.v1.stream_msg_delete_response", success: true };
const refused = { error: { code: 500, err_code: 10_057, description: "stream store EOF" } };

test.each([
  ["STREAM.MSG.DELETE.JOBS", "message"],
  ["STREAM.PURGE.JOBS", "messages"],
  ["STREAM.DELETE.JOBS", "stream"],
  ["STREAM.UPDATE.JOBS", "settings"],
])("a removal that was carried out is known by its request: %s", (subject, what) => {
  expect(removalIn(audit(subject, done))).toEqual({ stream: "JOBS", what, by: "ops" });
});

test.each([
  ["a removal that was refused", audit("STREAM.MSG.DELETE.JOBS", refused)],
  ["a request that removes nothing", audit("STREAM.INFO.JOBS", done)],
  ["a consumer that is deleted", audit("CONSUMER.DELETE.JOBS.one", done)],
  ["another text", "{"],
  ["a text that is no object", "null"],
])("nothing is taken from %s", (_, text) => {
  expect(removalIn(text)).toBeUndefined();
});

test("a client may have no name, or a long one", () => {
  expect(removalIn(audit("STREAM.DELETE.JOBS", done, {}))?.by).toBe("");
  expect(removalIn(audit("STREAM.DELETE.JOBS", done, { name: "x".repeat(5_000) }))?.by).toHaveLength(100);
});

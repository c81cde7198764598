/**
 * Names that fields have in JetStream's own JSON, for the error about a file of ours that has one of them. A test holds the list to the
 * table that the importer reads by.
 */
const names: ReadonlySet<string> = new Set([
  ...[
    "ack_policy",
    "ack_wait",
    "allow_direct",
    "allow_rollup_hdrs",
    "deliver_group",
    "deliver_policy",
    "deliver_subject",
  ],
  ...["deny_delete", "deny_purge", "discard_new_per_subject", "duplicate_window", "durable_name", "filter_subject"],
  ...[
    "filter_subjects",
    "inactive_threshold",
    "max_ack_pending",
    "max_age",
    "max_bytes",
    "max_consumers",
    "max_deliver",
  ],
  ...["max_msg_size", "max_msgs", "max_msgs_per_subject", "mirror", "no_ack", "num_replicas", "republish", "sources"],
  ...["stream_name", "subject_transform"],
]);

export const isJetStreamName = (name: string): boolean => names.has(name);

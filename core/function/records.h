/*
 * core/function/records.h - events that carry many inputs at once.
 *
 * Each input is predicted by itself, and the reply tells the sender which of
 * them failed in the way that it understands, so that it retries only those.
 * Queues and streams throw results away; a batch operation and a map get them.
 */
#ifndef MOTE_FUNCTION_RECORDS_H
#define MOTE_FUNCTION_RECORDS_H

#include "core/function/event.h"
#include "core/function/predict.h"

/*
 * Each answers an event of its shape with a reply in o. False: the invocation
 * fails as a whole, failure says why. The event's buffer is written to.
 */

/* {"batchItemFailures": [...]}: the failed messages; of a FIFO queue, the
 * first failed one and all after it. */
bool mote_records_sqs(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure);

/* The same for Kinesis and DynamoDB streams, which are retried from the first
 * failure on: processing stops there. With a tumbling window the window's
 * state is handed on. Of a DynamoDB record the new image is the input, by the
 * names of its attributes; other attributes, and removals, are passed over. */
bool mote_records_stream(struct mote_function *f,
                         const struct mote_event *event,
                         struct mote_json_out *o, struct mote_failure *failure);

/* SNS and Kafka know no partial failure: the first one fails the invocation. */
bool mote_records_sns(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure);
bool mote_records_kafka(struct mote_function *f, const struct mote_event *event,
                        struct mote_json_out *o, struct mote_failure *failure);

/* S3 Batch Operations: the input is the key itself, as JSON (manifests may
 * carry such keys, URL-encoded); the result goes into the report. */
bool mote_records_s3_batch(struct mote_function *f,
                           const struct mote_event *event,
                           struct mote_json_out *o,
                           struct mote_failure *failure);

/* Step Functions, {"Items": [...]}: an array of results in order. */
bool mote_records_map(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure);

#endif

"""Events of every sender, as Lambda hands them over.

Written from the field lists of the senders' own documentation, complete and with plausible values,
so that what has to be passed over is there. A body, a record or a row is the model's input; the
first argument of each.
"""

import base64
import json

REGION = "eu-central-1"
ACCOUNT = "123456789012"


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def encoded(value):
    return base64.b64encode(text(value).encode()).decode()


def sqs(bodies, fifo=False):
    queue = "iris.fifo" if fifo else "iris"

    def record(i, body):
        attributes = {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795167755422",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795167755430",
        }
        if fifo:
            attributes["MessageGroupId"] = "group-1"
            attributes["SequenceNumber"] = f"188496984{i:08}"
            attributes["MessageDeduplicationId"] = f"once-{i}"
        return {
            "messageId": f"message-{i}",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a==",
            "body": body if body is None else text(body),
            "attributes": attributes,
            "messageAttributes": {"trace": {"stringValue": "t1", "dataType": "String"}},
            "md5OfMessageAttributes": None,
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            "awsRegion": REGION,
        }

    return {"Records": [record(i, body) for i, body in enumerate(bodies)]}


def kinesis(rows, **window):
    def record(i, row):
        number = f"4959033827149025660855969253836157109592157598913657{i:04}"
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": number,
                "data": encoded(row),
                "approximateArrivalTimestamp": 1795167755.422,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000006:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/lambda-role",
            "awsRegion": REGION,
            "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/flowers",
        }

    return {"Records": [record(i, row) for i, row in enumerate(rows)], **window}


def window(state, final=False):
    """What a tumbling window adds to a stream's event."""
    return {
        "window": {"start": "2026-11-20T09:40:00Z", "end": "2026-11-20T09:42:00Z"},
        "state": state,
        "shardId": "shardId-000000000006",
        "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/flowers",
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": False,
    }


def attributes(row):
    """Named features as DynamoDB writes them, beside attributes that are none."""
    image = {"id": {"S": "flower-1"}, "tags": {"SS": ["a", "b"]}, "seen": {"BOOL": True}}
    for name, value in row.items():
        image[name] = {"NULL": True} if value is None else {"N": str(value)}
    return image


def dynamodb(changes):
    """Of pairs: INSERT, MODIFY or REMOVE, and named features or an image."""

    def record(i, name, row):
        image = row if any(isinstance(v, dict) for v in row.values()) else attributes(row)
        stream = {
            "ApproximateCreationDateTime": 1795167755,
            "Keys": {"id": {"S": "flower-1"}},
            "SequenceNumber": f"11122{i:04}",
            "SizeBytes": 59,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if name != "REMOVE":
            stream["NewImage"] = image
        if name != "INSERT":
            stream["OldImage"] = attributes({"sepal_length": 0, "petal_width": 1e-3})
        return {
            "eventID": f"c4ca4238a0b923820dcc509a6f75849{i}",
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": stream,
            "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/flowers/stream/2026",
        }

    return {"Records": [record(i, name, row) for i, (name, row) in enumerate(changes)]}


def sns(message):
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:iris:21be56ed",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
                    "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:iris",
                    "Subject": None,
                    "Message": text(message),
                    "Timestamp": "2026-11-20T09:42:35.422Z",
                    "SignatureVersion": "1",
                    "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa==",
                    "SigningCertUrl": "https://sns.eu-central-1.amazonaws.com/S.pem",
                    "UnsubscribeUrl": "https://sns.eu-central-1.amazonaws.com/?Action=U",
                    "MessageAttributes": {"kind": {"Type": "String", "Value": "flower"}},
                },
            }
        ]
    }


def kafka(rows, source="aws:kafka"):
    def record(i, row):
        return {
            "topic": "flowers",
            "partition": 0,
            "offset": 15 + i,
            "timestamp": 1795167755422,
            "timestampType": "CREATE_TIME",
            "key": encoded("key"),
            "value": encoded(row),
            "headers": [{"headerKey": [104, 101, 97, 100]}],
        }

    half = len(rows) // 2
    return {
        "eventSource": source,
        "eventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/flowers/751d2973",
        "bootstrapServers": "b-2.flowers.kafka.eu-central-1.amazonaws.com:9092",
        "records": {
            "flowers-0": [record(i, row) for i, row in enumerate(rows[:half])],
            "flowers-1": [record(i, row) for i, row in enumerate(rows[half:])],
        },
    }


# ---------------------------------------------------------------- S3, schedules, the rest


def s3_notification():
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": "2026-11-20T09:42:35.422Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:AIDAXMPL"},
                "requestParameters": {"sourceIPAddress": "198.51.100.7"},
                "responseElements": {"x-amz-request-id": "D82B88E5F771F645"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "828aa6fc",
                    "bucket": {"name": "flowers", "arn": "arn:aws:s3:::flowers"},
                    "object": {
                        "key": "in/a+b%2Fc.json",
                        "size": 1305107,
                        "eTag": "b21b84d653bb07b05b1e6b33684dc11b",
                        "sequencer": "0C0F6F405D6ED209E1",
                    },
                },
            }
        ]
    }


def s3_batch(keys, version="1.0"):
    def task(i, key):
        place = {"s3Bucket": "flowers"}
        if version == "1.0":
            place = {"s3BucketArn": "arn:aws:s3:::flowers"}
        return {"taskId": f"task-{i}", "s3Key": key, "s3VersionId": None, **place}

    job = {"id": "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"}
    if version == "2.0":
        job["userArguments"] = {"colour": "blue", "Items": "[]"}
    return {
        "invocationSchemaVersion": version,
        "invocationId": "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
        "job": job,
        "tasks": [task(i, key) for i, key in enumerate(keys)],
    }


def schedule(detail, source="aws.events"):
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-20T09:42:35Z",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/every-minute"],
        "detail": detail,
    }


def durable(row):
    operation = {
        "Id": "0",
        "Type": "EXECUTION",
        "Status": "STARTED",
        "StartTimestamp": 1795167755.422,
        "ExecutionDetails": {"InputPayload": json.dumps(row)},
    }
    return {
        "DurableExecutionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:iris:1/durable/x/y",
        "CheckpointToken": "eyJhcm4iOiJ4bXBsIn0=",
        "InitialExecutionState": {"Operations": [operation], "NextMarker": ""},
    }


WARMERS = {
    "serverless plugin": {"source": "serverless-plugin-warmup"},
    "the same by hand": {"Event": {"source": "serverless-plugin-warmup"}},
    "lambda-warmer": {"warmer": True, "concurrency": 3},
    "lambda-warmer, second": {
        "warmer": True,
        "__WARMER_INVOCATION__": 2,
        "__WARMER_CONCURRENCY__": 3,
        "__WARMER_CORRELATIONID__": "abc",
    },
    "Bref": {"warmer": True},
    "OpenNext": {"type": "warmer", "warmerId": "w-1", "index": 0, "concurrency": 1, "delay": 75},
    "Vapor": {"vaporWarmer": True, "vaporWarmerConcurrency": 2},
    "xlambda": {"xlambda": {"action": "warm_up", "concurrency": 1}},
    "warmup": {"warmup": True},
    "ping": {"ping": True},
    "keep-warm": {"keep-warm": True},
    "a rule": schedule({}),
    "a scheduler": schedule("{}", "aws.scheduler"),
}

"""HTTP requests as API Gateway, function URLs and load balancers hand them over; see events.py.

The first argument is the request's body, the model's input.
"""

from events import ACCOUNT, REGION, text


def rest(body, **changes):
    """API Gateway, REST proxy integration."""
    body = body if body is None else text(body)
    return {
        "resource": "/{proxy+}",
        "path": "/predict",
        "httpMethod": "POST",
        "headers": {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Host": "70ixmpl4fl.execute-api.eu-central-1.amazonaws.com",
            "User-Agent": "curl/8.5.0",
            "X-Amzn-Trace-Id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
            "X-Forwarded-For": "198.51.100.7, 192.0.2.9",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        },
        "multiValueHeaders": {
            "Accept": ["*/*"],
            "Content-Type": ["application/json"],
            "X-Forwarded-For": ["198.51.100.7, 192.0.2.9"],
        },
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": "predict"},
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "70ixmpl4fl",
            "authorizer": None,
            "domainName": "70ixmpl4fl.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "70ixmpl4fl",
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "httpMethod": "POST",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoIdentityId": None,
                "sourceIp": "198.51.100.7",
                "user": None,
                "userAgent": "curl/8.5.0",
                "userArn": None,
            },
            "path": "/prod/predict",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "20/Nov/2026:09:42:35 +0000",
            "requestTimeEpoch": 1795167755422,
            "resourceId": "2gxmpl",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": body,
        "isBase64Encoded": False,
        **changes,
    }


def http_api_1(body, **changes):
    """HTTP API with payload format 1.0."""
    return {"version": "1.0", **rest(body, **changes)}


def http_api(body, method="POST", path="/predict", stage="$default", **changes):
    """HTTP API with payload format 2.0; no body when it is None."""
    if body is not None:
        changes = {"body": text(body), "isBase64Encoded": False, **changes}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "verbose=1&a=b%20c",
        "cookies": ["session=8c1d", "theme=dark"],
        "headers": {
            "accept": "*/*,application/json",
            "content-length": "19",
            "content-type": "application/json; charset=utf-8",
            "host": "r3pmxmplak.execute-api.eu-central-1.amazonaws.com",
            "user-agent": "python-requests/2.32",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "x-forwarded-for": "198.51.100.7",
        },
        "queryStringParameters": {"verbose": "1", "a": "b c"},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "r3pmxmplak",
            "authentication": None,
            "authorizer": {"jwt": {"claims": {"sub": "u1", "exp": "1795170000"}, "scopes": None}},
            "domainName": "r3pmxmplak.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "r3pmxmplak",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "198.51.100.7",
                "userAgent": "python-requests/2.32",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": stage,
            "time": "20/Nov/2026:09:42:35 +0000",
            "timeEpoch": 1795167755422,
        },
        "pathParameters": {"proxy": "predict"},
        "stageVariables": {"model": "iris"},
        **changes,
    }


def function_url(body, **changes):
    """A Lambda function URL, called with IAM authentication."""
    event = http_api(body, **{"path": "/", **changes})
    del event["pathParameters"], event["stageVariables"], event["cookies"]
    context = event["requestContext"]
    context["domainName"] = "abcdefghijklmnopqrstuvwx.lambda-url.eu-central-1.on.aws"
    context["domainPrefix"] = "abcdefghijklmnopqrstuvwx"
    context["authorizer"] = {
        "iam": {
            "accessKey": "AKIAXMPL",
            "accountId": ACCOUNT,
            "callerId": "AIDAXMPL",
            "cognitoIdentity": None,
            "principalOrgId": "o-xmpl",
            "userArn": f"arn:aws:iam::{ACCOUNT}:user/caller",
            "userId": "AIDAXMPL",
        }
    }
    return event


def alb(body, multi=False, agent="curl/8.5.0", **changes):
    """A load balancer's target group, with the one kind of headers or the other."""
    headers = {
        "accept": "*/*",
        "content-type": "application/json",
        "host": "lb-1234567890.eu-central-1.elb.amazonaws.com",
        "user-agent": agent,
        "x-amzn-trace-id": "Root=1-5c536348-3d683b8b04734faae651f476",
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
    }
    group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/iris/49e9d65c45c6791a"
    event = {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": "POST",
        "path": "/predict",
        "body": text(body),
        "isBase64Encoded": False,
    }
    if multi:
        event["multiValueQueryStringParameters"] = {"verbose": ["1"]}
        event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    else:
        event["queryStringParameters"] = {"verbose": "1"}
        event["headers"] = headers
    return {**event, **changes}

"""Iris as it is usually served: a pickled scikit-learn estimator behind a
handler that decodes a base64 body and answers the class index as a string."""

import base64
import json
import pickle

import numpy as np

with open("iris.pkl", "rb") as f:
    model = pickle.load(f)


def handler(event, context):
    print("Received event: " + json.dumps(event, indent=2))
    data = json.loads(base64.b64decode(event["body"]).decode("ascii"))
    print("base64 decoded: " + json.dumps(data, indent=2))
    data = np.array(data)[np.newaxis, :]
    prediction = model.predict(data)
    return str(prediction[0])

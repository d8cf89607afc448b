// Iris by hand: the parameters of models/iris as constants, the handler of
// python/iris.py without its printing.
package main

import (
	"encoding/json"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	Body []byte `json:"body"` // base64, as encoding/json decodes it
}

func handle(e event) (string, error) {
	var x [4]float64
	if err := json.Unmarshal(e.Body, &x); err != nil {
		return "", err
	}
	best, score := 0, 0.0
	for class := range weights {
		sum := intercepts[class]
		for i, w := range weights[class] {
			sum += w * x[i]
		}
		if class == 0 || sum > score {
			best, score = class, sum
		}
	}
	return strconv.Itoa(best), nil
}

func main() {
	lambda.Start(handle)
}

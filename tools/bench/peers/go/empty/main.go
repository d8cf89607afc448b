// The least that aws-lambda-go can serve.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() {
	lambda.Start(func() (string, error) { return "1", nil })
}

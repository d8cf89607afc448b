//! The least that lambda_runtime can serve, on one thread: the fastest of its
//! executors to start.

use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::Value;

async fn handle(_: LambdaEvent<Value>) -> Result<&'static str, Error> {
    Ok("1")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

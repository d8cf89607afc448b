//! The handler of python/iris.py without its printing, a linear model by hand.

#[path = "../iris.rs"]
mod iris;

use base64::{engine::general_purpose::STANDARD, Engine};
use lambda_runtime::{run, service_fn, Error, LambdaEvent};

#[derive(serde::Deserialize)]
struct Event {
    body: String,
}

async fn handle(event: LambdaEvent<Event>) -> Result<String, Error> {
    let x = serde_json::from_slice(&STANDARD.decode(event.payload.body)?)?;
    Ok(iris::classify(&x).to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

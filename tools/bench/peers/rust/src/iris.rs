// Iris by hand: the parameters of models/iris as constants.

include!(env!("PEERS_IRIS"));

pub fn classify(x: &[f64; 4]) -> usize {
    let mut best = 0;
    let mut score = f64::NEG_INFINITY;
    for (class, (weights, intercept)) in WEIGHTS.iter().zip(INTERCEPTS).enumerate() {
        let sum = weights.iter().zip(x).fold(intercept, |sum, (w, x)| sum + w * x);
        if sum > score {
            (best, score) = (class, sum);
        }
    }
    best
}

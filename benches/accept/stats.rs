//! Durations and what is told of them.

use std::time::Duration;

/// Measured durations, in microseconds.
#[derive(Debug, Default)]
pub struct Times(Vec<u32>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0
            .push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn append(&mut self, mut others: Times) {
        self.0.append(&mut others.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Not more than this was needed by `share` (0 to 1) of them; in milliseconds.
    pub fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let index = (last as f64 * share).round() as usize;
        f64::from(self.0.get(index).copied().unwrap_or_default()) / 1000.0
    }
}

pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => f64::NAN,
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

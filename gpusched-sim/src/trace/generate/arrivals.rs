//! When batches arrive: a renewal process run on a clock that speeds up and slows down.
//!
//! Gaps are drawn for a rate of 1 and then stretched through `hour × weekday × weather`, piece by
//! piece. This is exact thinning without rejected draws: batch k uses draw k whatever happened
//! before.

use super::draw::lognormal;
use super::preset::{Gap, Preset};
use super::stream::{Purpose, Stream};

const HOUR: f64 = 3600.0;

/// The times at which batches start, in order, without end.
pub(super) struct Arrivals {
    preset: Preset,
    seed: u64,
    rate_scale: f64,
    batch: u64,
    /// Whole hours since the start, and seconds into the current one.
    hour: u64,
    second: f64,
    /// Value of the AR(1) process (unit variance) and the step it belongs to.
    weather: f64,
    rate: f64,
}

impl Arrivals {
    pub(super) fn new(preset: &Preset, seed: u64, rate_scale: f64) -> Arrivals {
        let mut arrivals = Arrivals {
            preset: *preset,
            seed,
            rate_scale,
            batch: 0,
            hour: 0,
            second: 0.0,
            weather: Stream::new(seed, Purpose::Weather, 0).normal(),
            rate: 0.0,
        };
        arrivals.rate = arrivals.rate_now();
        arrivals
    }

    /// Rate in the current hour, relative to the mean.
    fn rate_now(&self) -> f64 {
        let preset = &self.preset;
        let sigma = preset.weather.sigma;
        // Minus half the variance keeps the mean rate at 1.
        let weather = libm::exp(sigma * self.weather - 0.5 * sigma * sigma);
        let hour = preset.hours[(self.hour % 24) as usize];
        let day = preset.weekdays[(self.hour / 24 % 7) as usize];
        self.rate_scale * hour * day * weather
    }

    fn next_hour(&mut self) {
        self.hour += 1;
        self.second = 0.0;
        let weather = self.preset.weather;
        let step = u64::from(weather.step_hours);
        if weather.sigma > 0.0 && self.hour.is_multiple_of(step) {
            let news = Stream::new(self.seed, Purpose::Weather, self.hour / step).normal();
            let memory = weather.memory;
            self.weather = memory * self.weather + (1.0 - memory * memory).sqrt() * news;
        }
        self.rate = self.rate_now();
    }

    /// Seconds at which the next batch starts.
    pub(super) fn next(&mut self) -> f64 {
        let mut stream = Stream::new(self.seed, Purpose::BatchGap, self.batch);
        self.batch += 1;
        let mut gap = match self.preset.gap {
            Gap::Exponential(mean) => -mean * libm::log(stream.unit()),
            Gap::Lognormal(law) => lognormal(law, stream.normal()),
        };
        loop {
            let left = (HOUR - self.second) * self.rate;
            if gap < left {
                self.second += gap / self.rate;
                return self.hour as f64 * HOUR + self.second;
            }
            gap -= left;
            self.next_hour();
        }
    }
}

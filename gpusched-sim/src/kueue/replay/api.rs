//! Writes to the API server: how many a client sends, and when they are known.

use super::fidelity::ControlPlane;
use gpusched_core::units::{MICROS, Span, Time};

/// A client with a rate limit, as a virtual schedule: each write moves the earliest time of the
/// next by a fixed interval, and a burst of writes may run ahead of it.
///
/// Source: the token bucket of client-go's `util/flowcontrol`.
#[derive(Clone, Debug)]
pub(super) struct Api {
    latency: Span,
    interval: Span,
    /// How far writes may run ahead of the schedule.
    ahead: Span,
    /// When the next write would be sent if none ran ahead.
    next: Time,
}

impl Api {
    pub(super) fn new(constants: &ControlPlane) -> Api {
        let interval = match constants.qps {
            0 => 0,
            qps => MICROS / i64::from(qps),
        };
        Api {
            latency: constants.api_latency,
            interval: Span(interval),
            ahead: Span(interval * i64::from(constants.burst.max(1) - 1)),
            next: Time(i64::MIN / 2),
        }
    }

    /// Sends a write as soon as the limit lets it, not before `now`; gives the time it is known.
    pub(super) fn write(&mut self, now: Time) -> Time {
        let sent = now.max(Time(self.next.0 - self.ahead.0));
        self.next = self.next.max(now) + self.interval;
        sent + self.latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 a second with a burst of 3: three at once, then one every 20 ms; 5 ms each on the way.
    #[test]
    fn a_burst_goes_at_once_and_the_rest_by_rate() {
        let mut api = Api::new(&ControlPlane {
            qps: 50,
            burst: 3,
            api_latency: Span(5_000),
            ..ControlPlane::INSTANT
        });
        let known: Vec<i64> = (0..5).map(|_| api.write(Time::ZERO).0).collect();
        assert_eq!(known, [5_000, 5_000, 5_000, 25_000, 45_000]);
        // A second later the bucket is full again.
        let known: Vec<i64> = (0..4).map(|_| api.write(Time(1_000_000)).0).collect();
        assert_eq!(known, [1_005_000, 1_005_000, 1_005_000, 1_025_000]);
    }

    #[test]
    fn without_a_limit_everything_is_known_at_once() {
        let mut api = Api::new(&ControlPlane::INSTANT);
        assert!((0..1000).all(|_| api.write(Time(7)) == Time(7)));
    }
}

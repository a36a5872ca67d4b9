//! How often to save, and what an interruption costs.
//!
//! Three published intervals for a save that takes Ts and failures that come every Tf on average.

use crate::units::Span;

/// Young's interval √(2·Ts·Tf): work between two saves. (Young, CACM 17(9), 1974.)
pub fn young(save: Span, between_failures: Span) -> Span {
    let (save, failures) = (save.as_secs_f64(), between_failures.as_secs_f64());
    seconds((2.0 * save * failures).sqrt())
}

/// Daly's first-order interval √(2·Ts·(Tf + R)), R being the time of a restart. (Daly, FGCS 22(3),
/// 2006.)
pub fn daly_first_order(save: Span, between_failures: Span, restart: Span) -> Span {
    young(save, between_failures + restart)
}

/// Daly's higher-order interval: √(2·Ts·Tf)·(1 + ⅓√(Ts/2Tf) + ⅑·Ts/2Tf) − Ts while Ts < 2Tf, and Tf
/// above. It does not depend on the time of a restart. (Daly, FGCS 22(3), 2006.)
///
/// ```
/// use gpusched_core::provisioning::spot::checkpoint::daly;
/// use gpusched_core::units::Span;
/// let minutes = |n: i64| Span::from_secs(60 * n);
/// // Daly prints 117 minutes for a save of 5 minutes and a failure a day.
/// assert_eq!((daly(minutes(5), minutes(24 * 60)).as_secs_f64() / 60.0).round(), 117.0);
/// ```
pub fn daly(save: Span, between_failures: Span) -> Span {
    let (save, failures) = (save.as_secs_f64(), between_failures.as_secs_f64());
    if save >= 2.0 * failures {
        return seconds(failures);
    }
    let ratio = save / (2.0 * failures);
    let series = 1.0 + ratio.sqrt() / 3.0 + ratio / 9.0;
    seconds((2.0 * save * failures).sqrt() * series - save)
}

/// The interval of the largest availability, saves included: Ts + √(2·(Tf + Tr)·Ts + Ts²), Tr being
/// the time of a restart. (arXiv 2410.18124.)
pub fn most_available(save: Span, between_failures: Span, restart: Span) -> Span {
    let (save, failures) = (save.as_secs_f64(), between_failures.as_secs_f64());
    let cycle = failures + restart.as_secs_f64();
    seconds(save + (2.0 * cycle * save + save * save).sqrt())
}

/// Rounded to the microsecond.
fn seconds(seconds: f64) -> Span {
    Span((seconds * 1e6).round() as i64)
}

/// How a job saves its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Work between the end of one save and the begin of the next.
    pub interval: Span,
    /// How long a save takes; no work is done meanwhile.
    pub save: Span,
    /// Whether it saves when it is told that its node will go.
    pub on_notice: bool,
}

/// What is left of the time a job ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Work that a save holds.
    pub kept: Span,
    /// Work that is gone.
    pub lost: Span,
    /// Spent on saving.
    pub saving: Span,
}

impl Saving {
    /// How `ran`, from a start or restore to the instant the node goes, is split; `notice` is how
    /// long before that instant the job was told. A save that is under way at the end holds nothing.
    ///
    /// The three parts add up to `ran`. With [`Saving::on_notice`], and if the notice is long
    /// enough for a save, work stops when the notice comes and nothing is lost.
    ///
    /// ```
    /// use gpusched_core::provisioning::spot::checkpoint::Saving;
    /// use gpusched_core::units::Span;
    /// let saving = Saving { interval: Span(100), save: Span(10), on_notice: false };
    /// let split = saving.split(Span(250), Span(20));
    /// // 100 + 10 + 100 + 10 + 30: two saves hold 200, the last 30 are gone.
    /// assert_eq!((split.kept, split.lost, split.saving), (Span(200), Span(30), Span(20)));
    /// ```
    pub fn split(&self, ran: Span, notice: Span) -> Split {
        let noticed = self.on_notice && notice >= self.save && ran >= self.save;
        if !noticed {
            return self.by_interval(ran);
        }
        // The last save begins when the notice comes, or later if the job had just started.
        let worked = Span((ran - notice).0.max(0));
        let before = self.by_interval(worked);
        let last = ran - worked;
        Split {
            kept: before.kept + before.lost,
            lost: Span::ZERO,
            saving: before.saving + last,
        }
    }

    fn by_interval(&self, ran: Span) -> Split {
        let interval = self.interval.0.max(1);
        let cycle = interval + self.save.0;
        let (saves, rest) = (ran.0 / cycle, ran.0 % cycle);
        Split {
            kept: Span(saves * interval),
            lost: Span(rest.min(interval)),
            saving: Span(saves * self.save.0 + (rest - interval).max(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minutes(n: f64) -> Span {
        Span((n * 60e6) as i64)
    }

    fn in_minutes(span: Span) -> f64 {
        span.as_secs_f64() / 60.0
    }

    #[test]
    fn daly_gives_his_published_values() {
        // Captions of Daly's figures: Ts = 5 min, R = 10 min.
        for (failures, published) in [(24.0 * 60.0, 117.0), (6.0 * 60.0, 57.0), (15.0, 9.1)] {
            let interval = in_minutes(daly(minutes(5.0), minutes(failures)));
            let digits = if published < 10.0 { 0.05 } else { 0.5 };
            assert!((interval - published).abs() <= digits, "{interval}");
        }
    }

    #[test]
    fn simple_intervals_by_hand() {
        // √(2 · 5 · 1440) = 120; √(2 · 5 · (1430 + 10)) = 120; 5 + √(2 · 72.5 · 5 + 25) = 32.386.
        let (save, day) = (minutes(5.0), minutes(1440.0));
        assert_eq!(young(save, day), minutes(120.0));
        assert_eq!(
            daly_first_order(save, minutes(1430.0), minutes(10.0)),
            minutes(120.0)
        );
        let available = most_available(save, minutes(62.5), minutes(10.0));
        assert!((in_minutes(available) - 32.386_128).abs() < 1e-5);
        // A save that takes longer than twice the time between failures.
        assert_eq!(daly(minutes(31.0), minutes(15.0)), minutes(15.0));
    }

    #[test]
    fn a_save_on_notice_loses_nothing_but_time() {
        let saving = Saving {
            interval: Span(100),
            save: Span(10),
            on_notice: true,
        };
        let split = saving.split(Span(150), Span(20));
        // Notice at 130: 100 + 10 + 20 of work, then the last 20 go to the save.
        assert_eq!((split.kept, split.lost), (Span(120), Span::ZERO));
        assert_eq!(split.saving, Span(30));
        // A notice shorter than a save is no help.
        assert_eq!(saving.split(Span(150), Span(9)).lost, Span(40));
    }

    proptest! {
        #[test]
        fn the_parts_add_up(
            interval in 1i64..500, save in 0i64..200, on_notice: bool,
            ran in 0i64..5000, notice in 0i64..400,
        ) {
            let saving = Saving { interval: Span(interval), save: Span(save), on_notice };
            let Split { kept, lost, saving } = saving.split(Span(ran), Span(notice));
            prop_assert_eq!(kept + lost + saving, Span(ran));
            prop_assert!(kept.0 >= 0 && lost.0 >= 0 && saving.0 >= 0);
        }
    }
}

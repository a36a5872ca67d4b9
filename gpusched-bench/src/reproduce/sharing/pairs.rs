//! Gavel's pairs: how fast each of two jobs on one GPU is, predicted from other pairs.

use super::super::Sheet;
use super::data::{self, PairRow};
use crate::conformance::Unreadable;
use gpusched_core::performance::sharing::fit::{
    Errors, Observation, PairForm, PairLaw, fit_pairs, folds,
};
use std::collections::BTreeMap;
use std::path::Path;

/// GPU, usable pairs, largest mean absolute error of rank 2 that passes, and the reference's
/// errors of constant, scalar, rank 1 (in MAPE) and rank 2 (in MAE).
struct Board {
    gpu: &'static str,
    pairs: usize,
    target: f64,
    published: [&'static str; 4],
}

const BOARDS: [Board; 3] = [
    Board {
        gpu: "k80",
        pairs: 306,
        target: 0.03,
        published: ["18 %, .091", "17.7 %", "7.0 %", "4.6 %, .023"],
    },
    Board {
        gpu: "p100",
        pairs: 340,
        target: 0.03,
        published: ["22 %, .118", "18.3 %", "7.4 %", "5.0 %, .029"],
    },
    Board {
        gpu: "v100",
        pairs: 330,
        target: 0.10,
        published: ["48 %, .201", "36.6 %", "23.5 %", "19.4 %, .095"],
    },
];

const FOLDS: usize = 5;
const SEED: u64 = 1;
const SPLITS: u64 = 20;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("Two jobs on one GPU (Gavel), 5-fold over pairs")?;
    let rows = data::pairs(dir)?;
    for board in &BOARDS {
        let table = Table::new(&rows, board.gpu);
        for (form, published) in PairForm::ALL.into_iter().zip(board.published) {
            let held_out = table.held_out(form, SEED);
            let errors = held_out.errors();
            let got = format!("MAE {:.3}, MAPE {:.1} %", errors.mae, errors.mape);
            let what = format!(
                "{}, {} ({} pairs)",
                board.gpu,
                form.name(),
                table.pairs.len()
            );
            if form == PairForm::Rank2 {
                let met = table.pairs.len() == board.pairs && errors.mae <= board.target;
                let wanted = format!("reference: {published}; target MAE ≤ {:.2}", board.target);
                sheet.target(met, &what, got, wanted)?;
                sheet.note(table.splits())?;
                sheet.note(table.partners(&held_out))?;
            } else {
                sheet.figure(&what, got, format_args!("reference: {published}"))?;
            }
        }
    }
    Ok(())
}

/// The usable pairs of one GPU.
struct Table {
    jobs: usize,
    /// (a, b, speed of a, speed of b).
    pairs: Vec<(usize, usize, f64, f64)>,
}

/// Speeds of every pair, predicted by a law that has not seen it.
struct HeldOut<'a> {
    table: &'a Table,
    predicted: Vec<(f64, f64)>,
}

impl Table {
    fn new(rows: &[PairRow], gpu: &str) -> Table {
        let mut names: BTreeMap<(&str, u32), usize> = BTreeMap::new();
        let mut pairs = Vec::new();
        for row in rows.iter().filter(|row| row.gpu == gpu) {
            let (Some(speed_a), Some(speed_b)) = (fits(row.norm_a), fits(row.norm_b)) else {
                continue;
            };
            let mut index = |name| {
                let next = names.len();
                *names.entry(name).or_insert(next)
            };
            let (a, b) = (index((&row.job_a, row.sf_a)), index((&row.job_b, row.sf_b)));
            pairs.push((a, b, speed_a, speed_b));
        }
        Table {
            jobs: names.len(),
            pairs,
        }
    }

    fn held_out(&self, form: PairForm, seed: u64) -> HeldOut<'_> {
        let fold = folds(self.pairs.len(), FOLDS, seed);
        let laws: Vec<PairLaw> = (0..FOLDS)
            .map(|held| self.fit(form, seed, |pair| fold[pair] != held))
            .collect();
        let predicted = self
            .pairs
            .iter()
            .zip(&fold)
            .map(|(&(a, b, ..), &fold)| (laws[fold].speed(a, b), laws[fold].speed(b, a)))
            .collect();
        HeldOut {
            table: self,
            predicted,
        }
    }

    fn fit(&self, form: PairForm, seed: u64, seen: impl Fn(usize) -> bool) -> PairLaw {
        let mut observations = Vec::new();
        for (index, &(a, b, speed_a, speed_b)) in self.pairs.iter().enumerate() {
            let observe = |victim, neighbour, speed: f64| Observation {
                victim,
                neighbour,
                slowdown: 1.0 / speed,
            };
            if seen(index) {
                observations.push(observe(a, b, speed_a));
                observations.push(observe(b, a, speed_b));
            }
        }
        fit_pairs(form, self.jobs, &observations, seed)
    }

    /// How much the split matters.
    fn splits(&self) -> String {
        let mae = |seed| self.held_out(PairForm::Rank2, seed).errors().mae;
        let all: Vec<f64> = (0..SPLITS).map(|split| mae(SEED + split)).collect();
        let (least, most) = all
            .iter()
            .fold((f64::MAX, 0.0), |(low, high): (f64, f64), &mae| {
                (low.min(mae), high.max(mae))
            });
        format!("over {SPLITS} splits: MAE {least:.4} to {most:.4}")
    }

    /// Does the law choose the partners the table would? For each job with at least two partners,
    /// the partner with the largest sum of speeds.
    fn partners(&self, held_out: &HeldOut<'_>) -> String {
        let (mut jobs, mut same, mut kept) = (0, 0, 0.0);
        for job in 0..self.jobs {
            let mine: Vec<usize> = (0..self.pairs.len())
                .filter(|&pair| self.pairs[pair].0 == job || self.pairs[pair].1 == job)
                .collect();
            if mine.len() < 2 {
                continue;
            }
            let real = |&pair: &usize| self.pairs[pair].2 + self.pairs[pair].3;
            let guess = |&pair: &usize| held_out.predicted[pair].0 + held_out.predicted[pair].1;
            let best = |by: &dyn Fn(&usize) -> f64| {
                let first = mine[0];
                mine.iter().copied().fold(
                    first,
                    |best, pair| if by(&pair) > by(&best) { pair } else { best },
                )
            };
            let (wanted, chosen) = (best(&real), best(&guess));
            jobs += 1;
            same += usize::from(wanted == chosen);
            kept += real(&chosen) / real(&wanted);
        }
        format!(
            "best partner: the same for {same} of {jobs} jobs; the chosen pair keeps {:.1} % of the best",
            100.0 * kept / f64::from(jobs.max(1))
        )
    }
}

/// The speed of a member that fits.
fn fits(speed: Option<f64>) -> Option<f64> {
    speed.filter(|&speed| speed > 0.0)
}

impl HeldOut<'_> {
    fn errors(&self) -> Errors {
        let both = self.table.pairs.iter().zip(&self.predicted);
        let pairs: Vec<(f64, f64)> = both
            .flat_map(|(&(.., a, b), &(guess_a, guess_b))| [(guess_a, a), (guess_b, b)])
            .collect();
        Errors::of(&pairs)
    }
}

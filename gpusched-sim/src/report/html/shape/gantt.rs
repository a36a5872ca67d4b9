//! Who held which GPUs when: the jobs that held most.

use super::super::encode::{rounded, words};
use super::super::read::{JobTable, Nodes};
use super::Grid;
use serde::Serialize;
use serde_json::Value;

/// The longest name that is carried whole.
const LONGEST_NAME: usize = 48;

/// Bars of jobs on lanes of GPUs.
#[derive(Debug, Serialize)]
pub(in super::super) struct Gantt {
    /// Name and GPUs of each node; its GPUs are lanes that follow one another.
    pub(in super::super) nodes: Vec<(String, u32)>,
    pub(in super::super) queues: Vec<String>,
    pub(in super::super) outcomes: Vec<String>,
    /// Name, queue, submit, wait, start, end, GPUs, outcome, whether it was interrupted.
    pub(in super::super) jobs: Vec<Value>,
    /// Start and end (1/65535 of the time of the page), first lane (high and low word), lanes, job:
    /// six words per bar, as base64.
    pub(in super::super) bars: String,
    /// Jobs that held GPUs and are not drawn.
    pub(in super::super) left_out: u64,
    /// GPU time of the jobs that are drawn ÷ that of all.
    pub(in super::super) share: f64,
}

/// The jobs with most GPU time, at most `most` of them; `None` where none held a known GPU.
pub(in super::super) fn gantt(
    jobs: &JobTable,
    nodes: &Nodes,
    grid: &Grid,
    most: usize,
) -> Option<Gantt> {
    let mut drawn = Gantt {
        nodes: nodes
            .names
            .iter()
            .cloned()
            .zip(nodes.gpus.iter().copied())
            .collect(),
        queues: Vec::new(),
        outcomes: Vec::new(),
        jobs: Vec::new(),
        bars: String::new(),
        left_out: 0,
        share: 0.0,
    };
    let mut bars: Vec<u16> = Vec::new();
    let mut gpu_s = 0.0;
    let scale = f64::from(u16::MAX) / (grid.until - grid.from).max(1e-9);
    let word = |at: f64| {
        ((at - grid.from) * scale)
            .round()
            .clamp(0.0, f64::from(u16::MAX)) as u16
    };
    for track in jobs.tracks.iter().filter(|track| !track.bars.is_empty()) {
        // Bars of one job can be many: a budget of four each bounds the page.
        if drawn.jobs.len() >= most || bars.len() / 6 + track.bars.len() > 4 * most {
            break;
        }
        for bar in &track.bars {
            let lane = [(bar.lane >> 16) as u16, bar.lane as u16];
            let job = drawn.jobs.len() as u16;
            bars.extend([
                word(track.start),
                word(track.end),
                lane[0],
                lane[1],
                bar.lanes as u16,
                job,
            ]);
        }
        let queue = position(&mut drawn.queues, &track.queue);
        let outcome = position(&mut drawn.outcomes, &track.outcome);
        let time = |seconds: f64| match seconds.abs() < 100.0 {
            true => rounded(seconds, 3),
            false => Value::from(seconds.round() as i64),
        };
        drawn.jobs.push(Value::from(vec![
            Value::from(short(&track.name)),
            Value::from(queue),
            time(track.submit),
            time(track.wait),
            time(track.start),
            time(track.end),
            rounded(track.gpus, 4),
            Value::from(outcome),
            Value::from(u8::from(track.broken)),
        ]));
        gpu_s += track.gpu_s;
    }
    drawn.bars = words(&bars);
    drawn.left_out = (jobs.waits.len() as u64).saturating_sub(drawn.jobs.len() as u64);
    drawn.share = if jobs.gpu_s > 0.0 {
        gpu_s / jobs.gpu_s
    } else {
        0.0
    };
    (!drawn.jobs.is_empty()).then_some(drawn)
}

fn position(names: &mut Vec<String>, name: &str) -> usize {
    names
        .iter()
        .position(|known| known == name)
        .unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
}

fn short(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::read::{Bar, JobTrack};
    use super::*;

    fn track(name: &str, start: f64, end: f64, lanes: &[(u32, u32)]) -> JobTrack {
        let bars = lanes.iter().map(|&(lane, lanes)| Bar { lane, lanes });
        JobTrack {
            name: name.into(),
            queue: "q".into(),
            outcome: "completed".into(),
            submit: 0.0,
            wait: start,
            start,
            end,
            gpus: 1.0,
            gpu_s: end - start,
            broken: false,
            bars: bars.collect(),
            places: String::new(),
        }
    }

    fn drawn(most: usize) -> Gantt {
        let jobs = JobTable {
            waits: vec![0.0; 3],
            gpu_s: 200.0,
            tracks: vec![
                track("long", 0.0, 100.0, &[(0, 1), (70_000, 8)]),
                track(&"x".repeat(60), 50.0, 100.0, &[(1, 1)]),
                track("cpu", 0.0, 10.0, &[]),
            ],
            ..JobTable::default()
        };
        gantt(&jobs, &Nodes::default(), &Grid::new(0.0, 100.0), most).unwrap()
    }

    #[test]
    fn bars_are_words_of_time_lane_and_job() {
        let both = drawn(9);
        // 70,000 = 65,536 + 4,464; half of 65,535 rounds up.
        let expected = [
            [0, 65_535, 0, 0, 1, 0],
            [0, 65_535, 1, 4_464, 8, 0],
            [32_768, 65_535, 0, 1, 1, 1],
        ];
        assert_eq!(both.bars, words(expected.as_flattened()));
        assert_eq!((both.left_out, both.share), (1, 0.75));
        let name = both.jobs[1][0].as_str().unwrap();
        assert_eq!(name.chars().count(), LONGEST_NAME + 1);
    }

    #[test]
    fn what_is_not_drawn_is_counted() {
        let one = drawn(1);
        assert_eq!((one.jobs.len(), one.left_out, one.share), (1, 2, 0.5));
    }
}

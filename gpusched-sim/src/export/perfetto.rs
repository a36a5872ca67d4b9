//! Traces that <https://ui.perfetto.dev> opens: Chrome's JSON event format.

use crate::audit::{Entry, Schedule};
use gpusched_core::units::Time;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes a schedule with a process per node and a track per GPU. Slices on a track have to nest,
/// and jobs that share a GPU (or hold MIG instances of one) need not: those that overlap go to
/// further tracks, `GPU 2 (2)`. Jobs that never started are left out; those without an end last to
/// the latest instant there is. Times are microseconds, as the format has it.
///
/// # Errors
/// What the writer reports.
pub fn write_perfetto(out: &mut dyn Write, schedule: &Schedule) -> io::Result<()> {
    let instants = schedule
        .entries
        .iter()
        .flat_map(|entry| [entry.start, entry.end]);
    let latest = instants.flatten().max().unwrap_or(Time::ZERO);
    let mut devices: BTreeMap<&str, BTreeMap<u32, Vec<&Entry>>> = BTreeMap::new();
    for entry in schedule
        .entries
        .iter()
        .filter(|entry| entry.start.is_some())
    {
        for place in &entry.places {
            let of = devices.entry(&place.node).or_default();
            let held = match place.devices.is_empty() {
                true => &[0][..],
                false => &place.devices,
            };
            for device in held {
                of.entry(*device).or_default().push(entry);
            }
        }
    }
    let mut first = true;
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
    let mut event = |out: &mut dyn Write, event: serde_json::Value| {
        let comma: &[u8] = if std::mem::take(&mut first) {
            b""
        } else {
            b",\n"
        };
        out.write_all(comma)?;
        serde_json::to_writer(out, &event).map_err(io::Error::from)
    };
    for (process, (node, of)) in devices.into_iter().enumerate() {
        let named = |name: &str, track: usize, value: &str| json!({ "name": name, "ph": "M", "pid": process, "tid": track, "args": { "name": value } });
        event(out, named("process_name", 0, node))?;
        let mut track = 0;
        for (device, mut held) in of {
            held.sort_by_key(|entry| entry.start);
            for (lane, entries) in lanes(&held, latest).into_iter().enumerate() {
                let name = match lane {
                    0 => format!("GPU {device}"),
                    _ => format!("GPU {device} ({})", lane + 1),
                };
                event(out, named("thread_name", track, &name))?;
                for entry in entries {
                    let start = entry.start.unwrap_or(latest);
                    let end = entry.end.unwrap_or(latest);
                    event(
                        out,
                        json!({
                            "name": entry.job, "cat": entry.queue, "ph": "X",
                            "pid": process, "tid": track,
                            "ts": start.0, "dur": (end - start).0,
                            "args": {
                                "queue": entry.queue,
                                "gpus": entry.milli as f64 / 1000.0,
                                "waited_s": (start - entry.submit).as_secs_f64(),
                                "outcome": entry.outcome,
                            },
                        }),
                    )?;
                }
                track += 1;
            }
        }
    }
    out.write_all(b"\n]}\n")
}

/// Entries, by start, on as few tracks as it takes for none to overlap another: each goes to the
/// first that is free.
fn lanes<'a>(held: &[&'a Entry], latest: Time) -> Vec<Vec<&'a Entry>> {
    let mut lanes: Vec<(Time, Vec<&Entry>)> = Vec::new();
    for entry in held {
        let (Some(start), end) = (entry.start, entry.end.unwrap_or(latest)) else {
            continue;
        };
        match lanes.iter_mut().find(|(free, _)| *free <= start) {
            Some((free, lane)) => {
                *free = end;
                lane.push(entry);
            }
            None => lanes.push((end, vec![entry])),
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

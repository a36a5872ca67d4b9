//! Alibaba Lingjun 2023: the table of hosts, with the switches above each.
//!
//! The dataset holds no jobs, and says nothing of GPUs: hosts are taken as eight A100-SXM4-80GB
//! with four cards of 200 Gb/s (J. Cao et al., "Crux", SIGCOMM 2024, from memory: assumed).

use crate::diagnostic::Result;
use crate::topology::lingjun;
use crate::trace::input::Source;
use crate::trace::row::NodeRow;
use crate::trace::sink::{LinePlace, NodeSink, Sink};

/// Reads machines.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_nodes(source: &Source, sink: &mut NodeSink<'_>) -> Result<()> {
    let (table, digest) = lingjun::read(source)?;
    for place in table.places {
        if sink.full() {
            break;
        }
        let line = place.line;
        let [zone, block, rack] = <[String; 3]>::try_from(place.path).unwrap_or_default();
        let row = NodeRow {
            line,
            node: place.name,
            gpu_model: "A100-SXM4-80GB".to_owned(),
            gpu: 8,
            nic_count: 4,
            nic_gbps: 200.0,
            zone,
            block,
            rack,
            ..NodeRow::default()
        };
        let file = source.name();
        sink.push(row, &LinePlace { file, line })?;
    }
    sink.digest(digest);
    sink.note(
        "the table says nothing of GPUs: each host is taken as 8 A100-SXM4-80GB with 4 cards of \
         200 Gb/s (assumed)"
            .to_owned(),
    );
    Ok(())
}

//! The host table of the Lingjun dataset (Alibaba, 2023): `ip,DSW,PSW,ASW`.
//!
//! Names of switches repeat: `S2` below `P10` is not `S2` below `P12`. A rack is a (PSW, ASW).
//! The table says nothing of bandwidth: no oversubscription is assumed.

use super::{Place, Places};
use crate::diagnostic::Result;
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::table::{Split, Table};
use gpusched_core::topology::{Level, Scope};

/// The columns, far to near, and what they are.
const LEVELS: [(&str, Scope); 3] = [
    ("DSW", Scope::Zone),
    ("PSW", Scope::Block),
    ("ASW", Scope::Rack),
];

/// Reads the table; the digest of its bytes comes with it.
///
/// # Errors
/// At the first row that is not complete.
pub fn read(source: &Source) -> Result<(Places, u64)> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    let host = table.column("ip")?;
    let columns = LEVELS.map(|(name, _)| table.column(name));
    let [core, aggregation, access] = columns;
    let columns = [core?, aggregation?, access?];
    let mut places = Vec::new();
    while let Some(row) = table.next_row()? {
        let place = row.and_then(|row| -> FieldResult<Place> {
            let [core, aggregation, access] = columns.map(|column| row.required(column));
            Ok(Place {
                name: row.required(host)?,
                path: vec![core?, aggregation?, access?],
                board: None,
                line: row.line(),
            })
        });
        places.push(place.map_err(|problem| problem.diagnostic)?);
    }
    let level = |(name, scope): (&str, Scope)| Level {
        name: name.to_owned(),
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    };
    let places = Places {
        file: source.name().to_owned(),
        levels: LEVELS.map(level).into(),
        rails: 1,
        places,
    };
    Ok((places, table.input().digest()))
}

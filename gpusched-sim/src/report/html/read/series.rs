//! `series.csv`: the state of the cluster over time.

use super::each_row;
use crate::diagnostic::Result;
use crate::trace::table::Table;

/// The columns of `series.csv` by name; all are as long as `t`.
#[derive(Debug, Default)]
pub(in super::super) struct Series {
    /// Instants, s.
    pub(in super::super) t: Vec<f64>,
    columns: Vec<(String, Vec<f64>)>,
}

impl Series {
    /// A column by its name.
    pub(in super::super) fn column(&self, name: &str) -> Option<&[f64]> {
        let found = self.columns.iter().find(|(own, _)| own == name);
        found.map(|(_, values)| values.as_slice())
    }

    /// Columns whose names begin so, with the rest of their names.
    pub(in super::super) fn columns<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a [f64])> + 'a {
        let columns = self.columns.iter();
        columns
            .filter_map(move |(name, values)| Some((name.strip_prefix(prefix)?, values.as_slice())))
    }

    /// The difference of two columns.
    pub(in super::super) fn difference(&self, of: &str, less: &str) -> Option<Vec<f64>> {
        let (of, less) = (self.column(of)?, self.column(less)?);
        Some(of.iter().zip(less).map(|(of, less)| of - less).collect())
    }
}

pub(super) fn read(mut table: Table) -> Result<Series> {
    let t = table.column("t_s")?;
    let names: Vec<String> = table.columns().to_vec();
    let columns: Vec<_> = names.iter().map(|name| table.optional(name)).collect();
    let mut series = Series {
        t: Vec::new(),
        columns: names.into_iter().map(|name| (name, Vec::new())).collect(),
    };
    each_row(&mut table, |row| {
        series.t.push(row.time(t)?.as_secs_f64());
        for (column, (_, values)) in columns.iter().zip(&mut series.columns) {
            values.push(row.optional_f64(*column)?.unwrap_or(0.0));
        }
        Ok(())
    })?;
    Ok(series)
}

//! Rows as Parquet: numbers as DOUBLE, text as UTF-8 strings, all optional. One row group without
//! compression: rows of summaries are few, and the same rows are to give the same bytes.

use super::Column;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// Writes rows of texts; an empty text is a null.
///
/// # Errors
/// What the writer reports; a text that is no number in a column of numbers.
pub(super) fn write(
    out: &mut dyn Write,
    columns: &[Column],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let mut bytes = Vec::new();
    fill(&mut bytes, columns, rows).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn fill(bytes: &mut Vec<u8>, columns: &[Column], rows: &[Vec<String>]) -> Result<()> {
    let fields = columns.iter().map(field).collect::<Result<_>>()?;
    let schema = Type::group_type_builder("run")
        .with_fields(fields)
        .build()?;
    let properties = WriterProperties::builder()
        .set_created_by(concat!("gpusched ", env!("CARGO_PKG_VERSION")).into())
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut file = SerializedFileWriter::new(bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (at, column) in columns.iter().enumerate() {
        let texts = || rows.iter().map(|row| row[at].as_str());
        let present: Vec<i16> = texts().map(|text| i16::from(!text.is_empty())).collect();
        let said = texts().filter(|text| !text.is_empty());
        let Some(mut writer) = group.next_column()? else {
            break;
        };
        if column.is_number {
            let numbers = said.map(str::parse::<f64>).collect::<Result<Vec<_>, _>>();
            let numbers = numbers.map_err(external)?;
            writer
                .typed::<DoubleType>()
                .write_batch(&numbers, Some(&present), None)?;
        } else {
            let texts: Vec<ByteArray> = said.map(ByteArray::from).collect();
            writer
                .typed::<ByteArrayType>()
                .write_batch(&texts, Some(&present), None)?;
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(())
}

/// Reads what [`write`] writes: the names of the columns, and rows of texts; a null is an empty text.
///
/// # Errors
/// When it is no such file.
pub(super) fn read(file: std::fs::File) -> io::Result<(Vec<String>, Vec<Vec<String>>)> {
    let reader = SerializedFileReader::new(file).map_err(io::Error::other)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let names = schema.columns().iter();
    let names = names.map(|column| column.name().to_owned()).collect();
    let rows = reader.get_row_iter(None).map_err(io::Error::other)?;
    let row = |row: Result<Row>| -> io::Result<Vec<String>> {
        let row = row.map_err(io::Error::other)?;
        let fields = row.get_column_iter().map(|(_, field)| match field {
            Field::Null => Ok(String::new()),
            Field::Str(text) => Ok(text.clone()),
            Field::Double(number) => Ok(number.to_string()),
            _ => Err(io::Error::other("it was not written by gpusched")),
        });
        fields.collect()
    };
    let rows = rows.map(row).collect::<io::Result<_>>()?;
    Ok((names, rows))
}

fn external(error: std::num::ParseFloatError) -> parquet::errors::ParquetError {
    parquet::errors::ParquetError::External(Box::new(error))
}

fn field(column: &Column) -> Result<Arc<Type>> {
    let physical = match column.is_number {
        true => Physical::DOUBLE,
        false => Physical::BYTE_ARRAY,
    };
    let string = (!column.is_number).then_some(LogicalType::String);
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(string);
    field.build().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let columns = Column::named(&["policy".into(), "wait".into()], 1);
        let text = |row: [&str; 2]| row.map(str::to_owned).to_vec();
        let rows = [text(["fgd", "1.5"]), text(["", "0.1"]), text(["märz", ""])];
        let mut bytes = Vec::new();
        write(&mut bytes, &columns, &rows).unwrap();
        let mut again = Vec::new();
        write(&mut again, &columns, &rows).unwrap();
        assert_eq!(bytes, again);
        let path = std::env::temp_dir().join(format!("gpusched-{}.parquet", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let (names, read) = read(file).unwrap();
        assert_eq!(names, ["policy", "wait"]);
        assert_eq!(read, rows);
    }
}

//! Arguments of `gpusched catalog`.

use super::FormatArg;
use clap::Args;

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched catalog --gpu h100                        who has H100s, cheapest GPU first
  gpusched catalog --cloud aws --format csv > prices.csv
  gpusched catalog --catalog prices-of-today.csv     your own prices (CSV or JSON)")]
pub(crate) struct CatalogArgs {
    /// Only types whose GPU model begins with this
    #[arg(long, value_name = "MODEL")]
    pub(crate) gpu: Option<String>,
    /// Only this cloud
    #[arg(long, value_name = "CLOUD")]
    pub(crate) cloud: Option<String>,
    /// Another catalogue than the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<String>,
    /// Print the JSON Schema of the file of `run --cloud`, which says what of it may be rented
    #[arg(long)]
    pub(crate) schema: bool,
    /// How to print it [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,
}

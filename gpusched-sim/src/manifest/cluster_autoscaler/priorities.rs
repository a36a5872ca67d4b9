//! The ConfigMap of the priority expander: `priorities`, a YAML text of patterns by priority.

use crate::diagnostic::Result;
use crate::manifest::cursor::{At, Read};
use crate::manifest::document::{Document, File};
use gpusched_core::provisioning::cluster_autoscaler::expander::Priorities;

/// The name it must have.
const NAME: &str = "cluster-autoscaler-priority-expander";

/// The text of a ConfigMap, if it is that one.
pub(super) fn text(at: &At<'_, '_>) -> Read<Option<String>> {
    if at.field("metadata").field("name").string()? != NAME {
        return Ok(None);
    }
    let data = at.field("data");
    let text = data.field("priorities").required()?;
    Ok(Some(text))
}

/// Reads the text. Its places are within the text: lines count from its first.
pub(super) fn read(file: &File, document: &Document, text: String) -> Result<Priorities> {
    let (inner, documents) = file.inner("priorities", text)?;
    let Some(of) = documents.first() else {
        let notices = crate::manifest::fault::Notices::default();
        let at = At::root(&document.value, &notices);
        let data = at.field("data");
        let fault = data
            .field("priorities")
            .fault("there are no priorities here");
        return Err(file.blame(
            document,
            *fault.help("write `10: [\".*\"]`: patterns by priority"),
        ));
    };
    super::of(&inner, of, priorities)
}

fn priorities(at: At<'_, '_>) -> Read<Priorities> {
    let mut all = Priorities::default();
    at.map(|priority, list| {
        let number = priority.parse::<i64>().map_err(|_| {
            let fault = list.fault(format!("`{priority}` is no priority")).at_key();
            fault.help("a priority is a whole number; the highest whose patterns match wins")
        })?;
        list.list(|item| {
            let pattern = item.str()?.ok_or_else(|| item.missing())?;
            all.add(number, pattern).map_err(|error| {
                let fault = item.fault(format!("`{}` is no regular expression", error.pattern));
                fault.help(error.reason)
            })
        })
    })?;
    Ok(all)
}

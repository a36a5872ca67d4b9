//! What the page runs, and what it may do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Scripts in the order in which they build on one another.
pub(super) const SCRIPT: &str = concat!(
    include_str!("../../../../../assets/uplot/uPlot.iife.min.js"),
    "\n",
    "(function () {\n'use strict';\n",
    include_str!("../js/core.js"),
    include_str!("../js/format.js"),
    include_str!("../js/theme.js"),
    include_str!("../js/time.js"),
    include_str!("../js/lines.js"),
    include_str!("../js/curves.js"),
    include_str!("../js/reasons.js"),
    include_str!("../js/canvas.js"),
    include_str!("../js/heat.js"),
    include_str!("../js/gantt.js"),
    include_str!("../js/slots.js"),
    include_str!("../js/bars.js"),
    include_str!("../js/forest.js"),
    include_str!("../js/cards.js"),
    include_str!("../js/main.js"),
    "}());\n",
);

pub(super) const STYLE: &str = concat!(
    include_str!("../../../../../assets/uplot/uPlot.min.css"),
    "\n",
    include_str!("../style.css"),
);

/// The content security policy: this script, this style, and nothing from anywhere.
pub(super) fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script_or_the_style_early_or_asks_anybody() {
        assert!(!SCRIPT.to_lowercase().contains("</script"));
        assert!(!STYLE.to_lowercase().contains("</style"));
        for word in [
            "eval(",
            "new Function",
            "innerHTML",
            "XMLHttpRequest",
            "fetch(",
            "import(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn the_policy_forbids_what_it_does_not_name() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
        assert!(!policy.contains("unsafe") && !policy.contains("http"));
    }
}

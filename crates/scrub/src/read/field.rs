//! Instructions of fields in Word's documents (ISO/IEC 29500-1 §17.16), in RTF the same.

/// The target of an instruction that leads outside the document, unless it is an ordinary page.
pub(super) fn outside(instruction: &str) -> Option<&str> {
    const LEADING: [&str; 8] = [
        "HYPERLINK",
        "INCLUDETEXT",
        "INCLUDEPICTURE",
        "LINK",
        "DDE",
        "DDEAUTO",
        "IMPORT",
        "DATABASE",
    ];
    let instruction = instruction.trim();
    let (name, rest) = instruction.split_once([' ', '\t'])?;
    if !LEADING.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    let quoted = rest.split_once('"').and_then(|(_, rest)| rest.split('"').next());
    let target = quoted.or_else(|| rest.split_whitespace().next())?.trim();
    let is_page = ["http:", "https:", "mailto:"].iter().any(|begin| target.starts_with(begin));
    // `\l` leads to a place in the same document.
    (!target.is_empty()
        && !target.starts_with("\\l")
        && !is_page
        && !rest.trim().starts_with("\\l"))
    .then_some(target)
}

#[cfg(test)]
mod tests {
    use super::outside;

    #[test]
    fn targets_outside_are_told() {
        assert_eq!(outside(" HYPERLINK \"file:///srv/a.doc\" "), Some("file:///srv/a.doc"));
        assert_eq!(outside("INCLUDETEXT C:\\a.doc \\* X"), Some("C:\\a.doc"));
        for inside in
            ["PAGE", "HYPERLINK \"https://a.b\"", "HYPERLINK \\l \"mark\"", "REF x \\h", ""]
        {
            assert_eq!(outside(inside), None, "{inside}");
        }
    }
}

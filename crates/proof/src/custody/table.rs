//! A custody record as a table (RFC 4180), for spreadsheets and review platforms.

use super::{Content, CustodyEvent, CustodyRecord, Party};

/// Names of the columns, in order.
pub const COLUMNS: [&str; 23] = [
    "entry",
    "leaf_sha256",
    "subject",
    "previous_leaf_sha256",
    "event",
    "payload",
    "payload_sha256",
    "signed_by_key",
    "signed_by_role",
    "received_by_key",
    "received_by_authentication",
    "purpose",
    "authority",
    "before",
    "after",
    "location",
    "tool",
    "configuration_sha256",
    "signed_at_signer_clock",
    "logged_at_service_clock",
    "holds",
    "note",
    "disposal",
];

/// Writes the table: a line with the names of the columns, then one for each event.
#[must_use]
pub fn to_csv(record: &CustodyRecord) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let written = writer
        .write_record(COLUMNS)
        .and_then(|()| record.events.iter().try_for_each(|event| writer.write_record(row(event))));
    // Memory takes everything, and all rows have as many cells.
    written.expect("rows of one length fit in memory");
    // Memory takes everything.
    writer.into_inner().expect("memory is flushed")
}

fn row(event: &CustodyEvent) -> [String; COLUMNS.len()] {
    let some = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
    let key = |party: &Party| party.key.clone();
    let digest = |sha256: Option<String>| sha256.unwrap_or_default();
    let received = event.received_by.as_ref();
    let disposal = event.disposal.as_ref().map(|disposal| {
        let by: Vec<String> = disposal.authorised_by.iter().map(ToString::to_string).collect();
        format!("{} ({})", disposal.method, by.join(" "))
    });
    let payload = serde_json::to_value(event.payload).ok();
    let payload = payload.and_then(|word| word.as_str().map(str::to_owned));
    [
        event.index.to_string(),
        event.leaf.to_string(),
        event.subject.clone(),
        digest(event.previous.map(|leaf| leaf.to_string())),
        event.event.clone(),
        payload.unwrap_or_default(),
        event.payload_sha256.to_string(),
        key(&event.signed_by),
        some(&event.signed_by.role),
        received.map(key).unwrap_or_default(),
        received.map(|party| party.authentication.clone()).unwrap_or_default(),
        some(&event.purpose),
        some(&event.authority),
        contents(&event.before),
        contents(&event.after),
        event.location.clone(),
        some(&event.tool),
        digest(event.configuration.map(|sha256| sha256.to_string())),
        event.signed_at.to_string(),
        event.logged_at.to_string(),
        event.holds.join(" "),
        some(&event.note),
        harmless(&disposal.unwrap_or_default()),
    ]
}

fn contents(contents: &[Content]) -> String {
    let each = contents.iter().map(|it| format!("{} {}", it.what, it.sha256));
    each.collect::<Vec<_>>().join("; ")
}

/// A cell that a spreadsheet takes for text: people's words must not become formulas.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

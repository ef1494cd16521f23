//! The sections of the report beside its timeline.

use attestry_proof::{
    custody::{CustodyEvent, PayloadState},
    pack::{self, KeyChange, Reader},
};

use super::facts::{Facts, bytes, missing, said, utc};
use crate::export::{
    Dossier,
    pdf::{Cell, Column, Document, Table},
};

const fn column(name: &'static str, share: f32) -> Column {
    Column { name, share }
}

/// What the report is of.
pub fn record(document: &mut Document, dossier: &Dossier, facts: &Facts) {
    document.section("The record");
    let index = &dossier.index;
    let count = |state| dossier.custody.events.iter().filter(|it| it.payload == state).count();
    let (withheld, erased) = (count(PayloadState::Withheld), count(PayloadState::Erased));
    let events = format!(
        "{} ({} readable, {withheld} not shown to this reader, {erased} erased)",
        dossier.custody.events.len(),
        count(PayloadState::Readable),
    );
    let made_for = match index.reader {
        Reader::Legal | Reader::Auditor => {
            format!("{}: nothing was left out for the reader", index.reader.as_str())
        }
        reader => format!("{}: what this reader may not see was left out", reader.as_str()),
    };
    let gaps = dossier.custody.gaps();
    let links = match gaps.as_slice() {
        [] => "Every event names the one before it about the same thing: no gap.".to_owned(),
        gaps => format!("Gaps before entries {gaps:?}."),
    };
    let first = dossier.custody.events.iter().find(|event| event.subject == facts.own);
    let custodian = first.map(|event| event.signed_by.key.clone()).unwrap_or_default();
    let row = |name: &str, value: Cell| [Cell::strong(name), value];
    let rows = vec![
        row("Submission", Cell::text(index.subject.to_string())),
        row("Attested by key", Cell::digest(custodian)),
        row("Log", Cell::text(index.origin.clone())),
        row("Position", Cell::text(format!("the first {} entries of the log", index.size))),
        row("Root at that size", Cell::digest(index.root.to_string())),
        row("First statement", Cell::text(format!("in the first {} entries", index.first_size))),
        row(
            "Last entry logged",
            Cell::text(format!("{}, by the service's clock", utc(dossier.as_of))),
        ),
        row("Events", Cell::text(events)),
        row("Links", Cell::text(links)),
        row("Made for", Cell::text(made_for)),
    ];
    let columns = [column("", 22.0), column("", 78.0)];
    document.table(Table { summary: "What the report is of", columns, rows });
}

/// Where the submission stands.
pub fn standing(document: &mut Document, dossier: &Dossier, facts: &Facts) {
    document.section("Where it stands at this position");
    let events = &dossier.custody.events;
    let status = events.iter().rfind(|event| event.event == "status");
    let status = match status {
        Some(event) => {
            let note = event.note.clone().unwrap_or_default();
            let purposes = event.purpose.as_ref();
            let purposes = purposes.map(|it| format!(", for {it}")).unwrap_or_default();
            let (index, since) = (event.index, utc(event.logged_at));
            Cell::strong(format!("{note}{purposes}")).and_faint(format!("entry {index}, {since}"))
        }
        None => Cell::text("no public status was given yet"),
    };
    let holds = holds_in_force(events);
    let holds = match (holds.as_slice(), hidden(dossier)) {
        ([], false) => Cell::text("none in force"),
        ([], true) => Cell::text("none that this reader is shown"),
        (holds, _) => Cell::strong(holds.join("\n")),
    };
    let mut rows = vec![[Cell::strong("Public status"), status], [Cell::strong("Holds"), holds]];
    let cases = cases(dossier, facts);
    if cases.is_empty() {
        let none = match hidden(dossier) {
            true => "none that this reader is shown",
            false => "none",
        };
        rows.push([Cell::strong("Cases"), Cell::text(none)]);
    }
    for (case, event) in cases {
        let last = said(event).into_iter().next().unwrap_or_else(|| event.event.clone());
        let (index, when) = (event.index, utc(event.logged_at));
        let cell = Cell::text(last).and_faint(format!("case {case}, entry {index}, {when}"));
        rows.push([Cell::strong("Case"), cell]);
    }
    let erased: Vec<&CustodyEvent> = events.iter().filter(|it| it.event == "erased").collect();
    for event in erased {
        let note = event.note.clone().unwrap_or_default();
        let (index, when) = (event.index, utc(event.logged_at));
        let cell = Cell::text(note).and_faint(format!("entry {index}, {when}"));
        rows.push([Cell::strong("Erased"), cell]);
    }
    let columns = [column("", 22.0), column("", 78.0)];
    let summary = "Status, holds, cases and erasures at this position";
    document.table(Table { summary, columns, rows });
}

/// Whether this reader is not shown everything.
fn hidden(dossier: &Dossier) -> bool {
    !matches!(dossier.index.reader, Reader::Legal | Reader::Auditor)
}

fn holds_in_force(events: &[CustodyEvent]) -> Vec<String> {
    let mut holds: Vec<(&String, &CustodyEvent)> = Vec::new();
    for event in events {
        match event.event.as_str() {
            "hold" => holds.extend(event.holds.iter().map(|hold| (hold, event))),
            "hold-release" => holds.retain(|(hold, _)| !event.holds.contains(*hold)),
            _ => {}
        }
    }
    let line = |(hold, event): &(&String, &CustodyEvent)| {
        let matter = event.authority.clone().unwrap_or_default();
        format!("{hold}: {matter} (entry {})", event.index)
    };
    holds.iter().map(line).collect()
}

/// Cases with their last event.
fn cases<'a>(dossier: &'a Dossier, facts: &Facts) -> Vec<(String, &'a CustodyEvent)> {
    let mut cases: Vec<(String, &CustodyEvent)> = Vec::new();
    for event in &dossier.custody.events {
        if !event.event.starts_with("case-") {
            continue;
        }
        let case = facts.about(event);
        match cases.iter_mut().find(|(known, _)| *known == case) {
            Some((_, last)) if event.note.is_some() => *last = event,
            Some(_) => {}
            None => cases.push((case, event)),
        }
    }
    cases
}

/// Holds, cases and destruction, event by event.
pub fn matters(document: &mut Document, dossier: &Dossier) {
    document.section("Holds, cases and erasures");
    let is_matter = |event: &&CustodyEvent| {
        let kind = event.event.as_str();
        kind.starts_with("case-") || kind.starts_with("hold") || kind.starts_with("eras")
    };
    let rows: Vec<[Cell; 3]> =
        dossier.custody.events.iter().filter(is_matter).map(matter).collect();
    if rows.is_empty() {
        let none = match hidden(dossier) {
            true => "No hold, case or erasure is among what this reader is shown.",
            false => "There was no hold, case or erasure up to this position.",
        };
        return document.paragraph(none);
    }
    let columns = [column("Entry", 14.0), column("Event", 22.0), column("What it says", 64.0)];
    document.table(Table { summary: "Holds, cases and erasures, event by event", columns, rows });
}

fn matter(event: &CustodyEvent) -> [Cell; 3] {
    let mut says = Cell::text(said(event).join("\n"));
    says = says.and_faint(format!("about {}", event.subject));
    for by in event.disposal.iter().flat_map(|disposal| &disposal.authorised_by) {
        says = says.and_digest("authorised by", by.to_string());
    }
    let when = Cell::strong(event.event.clone()).and_faint(utc(event.logged_at));
    [Cell::text(event.index.to_string()), when, says]
}

/// The files, side by side.
pub fn files(document: &mut Document, dossier: &Dossier) {
    document.section("Files");
    if dossier.openings.is_empty() {
        return document.paragraph(
            "No list of files is in this pack: none was given yet, it was erased, or this reader is \
             not shown it. The statements commit to the files all the same.",
        );
    }
    let rows = dossier.openings.iter().map(|(manifest, _)| {
        let files = Cell::text(format!("{} files", manifest.count()));
        [
            Cell::strong(manifest.role().as_str()),
            files.and_faint(bytes(manifest.total_size())),
            Cell::digest(manifest.commitment().to_string()),
        ]
    });
    let columns = [column("Side", 16.0), column("Files", 20.0), column("Commitment", 64.0)];
    let rows = rows.collect();
    document.table(Table { summary: "The sides of the submission", columns, rows });
    let where_to = match dossier.index.natives {
        true => "The files themselves are in the directory files/ of the pack.",
        false => "The files themselves are not in the pack.",
    };
    document.note(&format!(
        "{where_to} Each file with its SHA-256 is listed in openings/ and loadfile.dat, and in \
         certificate.pdf."
    ));
}

/// What cannot be read, and why.
pub fn left_out(document: &mut Document, dossier: &Dossier) {
    document.section("Withheld or erased");
    let events = dossier.custody.events.iter();
    let rows: Vec<[Cell; 3]> = events
        .filter_map(|event| {
            let why = missing(event.payload)?;
            let digest = Cell::digest(event.payload_sha256.to_string());
            Some([Cell::text(event.index.to_string()), Cell::text(why), digest])
        })
        .collect();
    if rows.is_empty() {
        return document
            .paragraph("Nothing: the payload of every event is in the pack and can be read.");
    }
    document.paragraph(
        "That these statements exist, who signed them, when and in which order is proven as for all \
         others. What they say is not in the pack; whoever has such a payload from elsewhere can \
         show by its digest that it is the one.",
    );
    let columns = [column("Entry", 12.0), column("Payload", 26.0), column("SHA-256", 62.0)];
    document.table(Table { summary: "Payloads that are not in the pack", columns, rows });
}

/// The keys, and how they came and went.
pub fn keys(document: &mut Document, dossier: &Dossier, facts: &Facts) {
    document.section("Keys and their history");
    document.paragraph(
        "A statement counts if its key was valid at its position in the log. Who holds a key is not \
         in the log; it is evidence from elsewhere, such as an invitation and a check of identity.",
    );
    let rows = facts.keys.changes.iter().map(key_row).collect();
    let columns = [column("Entry", 10.0), column("Change", 24.0), column("Keys", 66.0)];
    document.table(Table { summary: "How keys came into the log and left it", columns, rows });
    let mut bundles: Vec<&str> =
        dossier.policies.keys().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    bundles.dedup();
    if bundles.is_empty() {
        return;
    }
    document.subsection("Rules and clause texts in force");
    let rows = bundles.iter().map(|bundle| {
        let files = dossier.policies.keys().filter(|path| path.starts_with(*bundle)).count();
        [Cell::digest(*bundle), Cell::text(format!("{files} files"))]
    });
    let columns = [column("Bundle (SHA-256)", 80.0), column("In policies/", 20.0)];
    let rows = rows.collect();
    document.table(Table { summary: "Bundles of policy files in the pack", columns, rows });
}

fn key_row(change: &KeyChange) -> [Cell; 3] {
    let roles: Vec<String> = change.roles.iter().map(ToString::to_string).collect();
    let mut facts: Vec<String> = Vec::new();
    facts.extend(change.program.as_ref().map(|program| format!("program {program}")));
    facts.extend(Some(roles.join(", ")).filter(|roles| !roles.is_empty()));
    facts.extend(Some(change.reason.clone()).filter(|reason| !reason.is_empty()));
    let mut keys = Cell::default();
    let named = [("key", &change.key), ("ended", &change.ended), ("replaces", &change.replaces)];
    for (what, key) in named {
        if let Some(key) = key {
            keys = keys.and_digest(what, key.to_string());
        }
    }
    let event = Cell::strong(change.event.clone()).and_faint(facts.join("\n"));
    [Cell::text(change.index.to_string()), event, keys]
}

/// The digests that are shortened elsewhere, written out.
pub fn digests(document: &mut Document, dossier: &Dossier) {
    document.section("Events with their digests");
    document.note(
        "Statement: the leaf hash in the log. Before: the leaf hash of the event before it about the \
         same thing. All digests are SHA-256; keys are thumbprints (RFC 9679).",
    );
    let rows = dossier.custody.events.iter().map(|event| {
        let mut cell = Cell::default().and_digest("statement", event.leaf.to_string());
        if let Some(previous) = event.previous {
            cell = cell.and_digest("before", previous.to_string());
        }
        cell = cell.and_digest("payload", event.payload_sha256.to_string());
        if let Some(rules) = event.configuration {
            cell = cell.and_digest("rules", rules.to_string());
        }
        for content in event.before.iter().chain(&event.after) {
            cell = cell.and_digest(&content.what, content.sha256.to_string());
        }
        cell = cell.and_digest("signed by", event.signed_by.key.clone());
        if let Some(received) = &event.received_by {
            cell = cell.and_digest("received by", received.key.clone());
        }
        let mut event_cell = Cell::strong(event.event.clone())
            .and_faint(format!("by the signer's clock:\n{}", utc(event.signed_at)));
        if let Some(tool) = &event.tool {
            event_cell = event_cell.and_faint(tool.clone());
        }
        [Cell::text(event.index.to_string()), event_cell, cell]
    });
    let columns = [column("Entry", 9.0), column("Event", 23.0), column("Digests and keys", 68.0)];
    let rows = rows.collect();
    document.table(Table { summary: "Digests and keys of every event", columns, rows });
}

/// How to check the pack.
pub fn verify(document: &mut Document) {
    document.section("How to verify");
    document.steps(&[
        "Obtain the verifier and the trust file from somewhere else than this pack, and compare their \
         digests with the published ones.",
        "On a computer of your own, offline if you like, run: attestry verify pack.zip --trust FILE. \
         Without the program, open verify.html in a browser and drop the pack on it.",
        "The verdict *verified* means that every statement is signed by the key that it names, that \
         the key was valid at that position, and that the statement is in the log whose checkpoint \
         your trust file accepts. It does not mean that a statement is true.",
        "Compare the root at the foot of this page with the checkpoint in the pack, and with \
         checkpoints that others keep.",
        "That no other statement about the submission exists is the service's word. Ask for a newer \
         pack to learn what came later.",
    ]);
    document.note(&format!(
        "In this report, ‹ › enclose letters that would be invisible or change the direction of \
         text, by their number in Unicode; □ stands for a letter that its fonts lack. Digests ending \
         in … are written out under Events with their digests. Times are UTC. {} and {} say the same \
         for programs.",
        pack::CUSTODY_JSON,
        pack::CUSTODY_CSV,
    ));
}

//! A draft of a certificate under Federal Rules of Evidence 902(11), 902(13) and 902(14), for a person
//! who can declare it: filled in as far as the service knows, blank where only a person can speak.

use super::{
    Dossier,
    pdf::{Cell, Color, Column, Document, Imprint, Table, TypesetError},
    report::{self, bytes, utc},
};

/// Most files written out; a list of more is in the load file.
const FILES_MAX: usize = 5_000;

const fn column(name: &'static str, share: f32) -> Column {
    Column { name, share }
}

/// Typesets the draft.
///
/// # Errors
/// See [`TypesetError`].
pub(super) fn certificate(dossier: &Dossier) -> Result<Vec<u8>, TypesetError> {
    let subject = dossier.index.subject;
    let mut document = Document::new(Imprint {
        title: format!("Draft certificate of records, submission {subject}"),
        heading: format!("Certificate of records · submission {subject}"),
        warning: Some("DRAFT · NOT SIGNED".into()),
        position: report::position(dossier),
        as_of: dossier.as_of,
        id: format!(
            "certificate {subject} {} {}",
            dossier.index.root,
            dossier.index.reader.as_str()
        ),
    })?;
    document.title(
        "DRAFT FOR A DECLARANT · NOT SIGNED · NOT FILED",
        "Certificate of records",
        "Federal Rules of Evidence 902(11), 902(13) and 902(14); 28 U.S.C. § 1746",
    );
    document.framed(
        Color::ALERT,
        &[
            "*This is a draft. Nobody has signed it, and the software that made it certifies nothing.* \
             A custodian or another qualified person who knows the facts must read it, strike or \
             correct what is not so, fill in what is blank, and sign.",
            "*Counsel must review it* before it is used: whether it meets the rules, the court's \
             practice and the facts of the case is a legal question that this draft does not answer.",
        ],
    );
    declarant(&mut document);
    record(&mut document, dossier);
    process(&mut document);
    statements(&mut document);
    limits(&mut document);
    signature(&mut document);
    counsel(&mut document);
    schedule_of_statements(&mut document, dossier);
    schedule_of_files(&mut document, dossier);
    document.finish()
}

fn declarant(document: &mut Document) {
    document.section("1. The declarant");
    document.blank("Name");
    document.blank("Title and employer");
    document.blank("Court and case number");
    document.skip(8.0);
    document.choice("I am a custodian of the records described below.");
    document.choice(
        "I am not their custodian but qualified to speak about the system described below, for this \
         reason:",
    );
    document.blank("Basis of knowledge");
}

fn record(document: &mut Document, dossier: &Dossier) {
    document.section("2. The record");
    document.paragraph(
        "The record is everything that the log named below holds about one submission up to the \
         position named below, as contained in the audit pack to which this certificate belongs.",
    );
    let index = &dossier.index;
    let events = &dossier.custody.events;
    let span = match (events.first(), events.last()) {
        (Some(first), Some(last)) => {
            format!("{} to {}", utc(first.logged_at), utc(last.logged_at))
        }
        _ => String::new(),
    };
    let row = |name: &str, value: Cell| [Cell::strong(name), value];
    let mut rows = vec![
        row("Submission", Cell::text(index.subject.to_string())),
        row("Log (origin)", Cell::text(index.origin.clone())),
        row("Position", Cell::text(format!("the first {} entries", index.size))),
        row("Root at that size", Cell::digest(index.root.to_string())),
        row("Events", Cell::text(format!("{}, logged {span}", events.len()))),
        row("Last entry logged", Cell::text(format!("{}, service's clock", utc(dossier.as_of)))),
        row("Statements", Cell::text(format!("{} (Schedule A)", dossier.statements.len()))),
    ];
    for (manifest, _) in &dossier.openings {
        let (files, size) = (manifest.count(), bytes(manifest.total_size()));
        let cell = Cell::text(format!("{files} files, {size} (Schedule B)"));
        let cell = cell.and_digest("commitment", manifest.commitment().to_string());
        rows.push(row(&format!("Files, {}", manifest.role().as_str()), cell));
    }
    rows.push(row("Pack prepared for", Cell::text(index.reader.as_str())));
    let columns = [column("", 24.0), column("", 76.0)];
    document.table(Table { summary: "The record that is certified", columns, rows });
}

fn process(document: &mut Document) {
    document.section("3. How the record is made");
    document.paragraph(&format!(
        "The following describes the process and system, attestry {}, as its documentation does. The \
         declarant confirms what they know to be so.",
        env!("CARGO_PKG_VERSION")
    ));
    document.steps(&[
        "A person makes a statement with a program that shows every field of it. The program computes \
         the SHA-256 digest of exactly what was shown and signs that digest, together with the log's \
         name, the submission's number and the time, with a private key of that person's own \
         (Ed25519, RFC 8032; COSE, RFC 9052). The service makes statements about its own acts with \
         its own key, in the same form, when it does these acts.",
        "The service accepts a statement only if the signature is valid and the key is enrolled and \
         valid at that moment. It then appends the statement to a log.",
        "The log is a Merkle tree (RFC 9162, SHA-256). Each entry gets the next position. The service \
         signs the root of the tree with its size (a checkpoint). An entry that was changed, removed \
         or inserted later would give another root.",
        "The time at which an entry was logged is taken from the clock of the service's computer. The \
         order of entries does not depend on it.",
        "Each file of the submission is identified by the SHA-256 digest of its bytes, computed on \
         the contributor's computer and again by the service when it received the file. The digests \
         are leaves of a tree whose root, the commitment, is in the signed statement.",
        "The audit pack is written by software from the log as of one position. The pack of the same \
         position is the same, byte for byte. Its index names every file in it by SHA-256 and is \
         signed by the service's key.",
    ]);
    let row = |name: &str, value: &str| [Cell::strong(name), Cell::text(value)];
    let rows = vec![
        row("Digests", "SHA-256 (FIPS 180-4); MD5 only as an aid in the load file"),
        row("Signatures", "Ed25519 (RFC 8032), in COSE messages (RFC 9052)"),
        row(
            "Log",
            "Merkle tree with SHA-256 (RFC 9162), checkpoints in the form of C2SP tlog-checkpoint",
        ),
        row("Times", "UTC, of the service's computer; of the signer's computer where so named"),
        row(
            "Verification",
            "attestry verify pack.zip --trust FILE, offline; verify.html in a browser",
        ),
    ];
    let columns = [column("", 24.0), column("", 76.0)];
    document.table(Table { summary: "Algorithms and clocks", columns, rows });
}

fn statements(document: &mut Document) {
    document.section("4. What the declarant certifies");
    document.note("Tick what is so. Strike what is not.");
    document.subsection(
        "Records of a regularly conducted activity: Rule 902(11) with 803(6)(A) to (C)",
    );
    document.choice(
        "The statements in Schedule A were made at or near the time of what they record by, or from \
         information transmitted by, someone with knowledge.",
    );
    document.choice("The record was kept in the course of a regularly conducted activity of:");
    document.blank("Organisation");
    document.choice("Making the record was a regular practice of that activity.");
    document.subsection("Records generated by an electronic process or system: Rule 902(13)");
    document.choice(
        "The log, its checkpoints, the statements that the service made, and this pack were generated \
         by the process and system described in section 3, which produces an accurate result.",
    );
    document.choice("I verified the pack, or had it verified in my presence, with this result:");
    document.blank("Result and date");
    document.blank("Verifier and SHA-256");
    document.subsection("Data copied from an electronic device or medium: Rule 902(14)");
    document.choice(
        "The files listed in Schedule B are true copies of the data from which they were taken, as \
         shown by comparing the SHA-256 digest of each copy with the digest in the schedule, a process \
         of digital identification.",
    );
    document.blank("SHA-256 of the pack");
}

fn limits(document: &mut Document) {
    document.section("5. What the log proves, and what it does not");
    document.steps(&[
        "*It proves* that the holder of the key named signed exactly these bytes for this log, that \
         the statement is in the log at its position, in which order statements stand, and that the \
         log was not rewritten between the two checkpoints in the pack.",
        "*It does not prove* that a statement is true, that its signer understood it or had authority, \
         or who held a key: that is evidence from elsewhere.",
        "*It does not prove* the exact time: times are those of the signer's and of the service's \
         clock. Nor does it prove that no other statement exists: this is the service's word.",
        "*Payloads withheld or erased* are not in the pack. That such statements exist, in which order, \
         and by which keys, is proven without them.",
    ]);
}

fn signature(document: &mut Document) {
    document.section("6. Declaration under 28 U.S.C. § 1746");
    document.note("Choose one.");
    document.choice(
        "If executed within the United States, its territories, possessions or commonwealths: I declare \
         under penalty of perjury that the foregoing is true and correct.",
    );
    document.choice(
        "If executed elsewhere: I declare under penalty of perjury under the laws of the United States \
         of America that the foregoing is true and correct.",
    );
    document.blank("Executed on (date)");
    document.blank("Place");
    document.blank("Signature");
    document.blank("Name and title");
    document.skip(10.0);
}

fn counsel(document: &mut Document) {
    document.section("7. For counsel");
    document.steps(&[
        "Under Rule 902(11), whoever offers a record must give the other side reasonable written notice \
         before the trial or hearing, and make record and certification available for inspection. \
         Rules 902(13) and 902(14) require the same notice.",
        "A certification under these rules goes to authenticity. Hearsay, relevance and other \
         objections remain open, also as to what persons say in the statements.",
        "A certification under Rules 902(13) and 902(14) has to be one of a qualified person; say why \
         the declarant is one.",
        "This certificate is not part of the proof, and its digest is in the index of the pack. A \
         signed one is another file: keep it beside the pack, not in it.",
        "For use outside the United States another form is needed.",
    ]);
}

fn schedule_of_statements(document: &mut Document, dossier: &Dossier) {
    document.new_page();
    document.section("Schedule A: statements");
    document.note("SHA-256: the leaf hash of the statement in the log.");
    let rows = dossier.custody.events.iter().map(|event| {
        [
            Cell::text(event.index.to_string()),
            Cell::strong(event.event.clone()).and_faint(utc(event.logged_at)),
            Cell::digest(event.leaf.to_string()).and_digest("key", event.signed_by.key.clone()),
        ]
    });
    let columns =
        [column("Entry", 10.0), column("Event, logged", 26.0), column("SHA-256 and key", 64.0)];
    let rows = rows.collect();
    document.table(Table { summary: "The statements of the record", columns, rows });
    document.note(
        "Statements about the keys, the rules and the log itself are in the pack, too, so that these \
         can be checked; pack.json lists them.",
    );
}

fn schedule_of_files(document: &mut Document, dossier: &Dossier) {
    document.section("Schedule B: files");
    let files = || {
        let sides = dossier.openings.iter().map(|(manifest, _)| manifest);
        sides.flat_map(|manifest| {
            manifest.files().iter().map(|file| (manifest.role().as_str(), file))
        })
    };
    let count = files().count();
    if count == 0 {
        return document.paragraph("No list of files is in this pack.");
    }
    let rows = files().take(FILES_MAX).zip(1_u32..).map(|((side, file), number)| {
        [
            Cell::text(number.to_string()),
            Cell::text(format!("{side}/{}", file.path))
                .and_faint(format!("{} bytes, {}", file.size, file.media_type)),
            Cell::digest(file.sha256.to_string()),
        ]
    });
    let columns = [column("No.", 8.0), column("File", 38.0), column("SHA-256", 54.0)];
    let rows = rows.collect();
    document.table(Table { summary: "The files of the submission", columns, rows });
    if count > FILES_MAX {
        document.paragraph(&format!(
            "{} more files are listed in loadfile.dat and openings/, which belong to this schedule.",
            count - FILES_MAX
        ));
    }
}

//! A load file (Concordance DAT) of the files of a submission, for review platforms.
//!
//! UTF-8 with a byte order mark. Cells stand in `þ` (U+00FE) and are separated by U+0014; a line
//! break within a cell is `®` (U+00AE); lines end with CR LF. A `þ` within a cell is doubled.

use std::collections::BTreeMap;

use crate::{
    hash::Hash,
    manifest::{FileRecord, Manifest},
    payload::fields::SubmissionId,
};

const SEPARATOR: char = '\u{14}';
const QUOTE: char = '\u{fe}';
const LINE_BREAK: char = '\u{ae}';

/// Names of the columns, in order.
pub const LOAD_FILE_COLUMNS: [&str; 13] = [
    "DOCID",
    "BEGBATES",
    "ENDBATES",
    "CUSTODIAN",
    "SUBMISSION",
    "SIDE",
    "FILEPATH",
    "FILENAME",
    "FILESIZE",
    "MEDIATYPE",
    "SHA256HASH",
    "MD5HASH",
    "NATIVELINK",
];

/// What a load file is made of.
#[derive(Debug)]
pub struct LoadFile<'a> {
    /// The submission.
    pub subject: SubmissionId,
    /// Thumbprint of the key that attested to it.
    pub custodian: &'a str,
    /// The file lists.
    pub manifests: Vec<&'a Manifest>,
    /// MD5 of the files that are in the pack, by SHA-256; `None` where the pack has no files.
    pub md5: Option<&'a BTreeMap<Hash, [u8; 16]>>,
}

impl LoadFile<'_> {
    /// The file: a line with the names of the columns, then one for each file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::from("\u{feff}");
        line(&mut out, &LOAD_FILE_COLUMNS.map(str::to_owned));
        let mut number = 0;
        for manifest in &self.manifests {
            for file in manifest.files() {
                number += 1;
                line(&mut out, &self.row(number, manifest.role().as_str(), file));
            }
        }
        out.into_bytes()
    }

    fn row(&self, number: u64, side: &str, file: &FileRecord) -> [String; 13] {
        let id = format!("{}-{number:06}", self.subject);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let md5 = self.md5.and_then(|known| known.get(&file.sha256));
        let link = md5.map(|_| native_path(side, &file.path).replace('/', "\\"));
        [
            id.clone(),
            id.clone(),
            id,
            self.custodian.to_owned(),
            self.subject.to_string(),
            side.to_owned(),
            file.path.clone(),
            name.to_owned(),
            file.size.to_string(),
            file.media_type.clone(),
            file.sha256.to_hex(),
            md5.map(|md5| md5.iter().map(|byte| format!("{byte:02x}")).collect())
                .unwrap_or_default(),
            link.unwrap_or_default(),
        ]
    }
}

/// Where a file of a submission is in a pack.
#[must_use]
pub fn native_path(side: &str, path: &str) -> String {
    format!("{}{side}/{path}", super::FILES)
}

fn line(out: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(SEPARATOR);
        }
        out.push(QUOTE);
        for letter in cell.chars() {
            match letter {
                '\n' => out.push(LINE_BREAK),
                '\r' | SEPARATOR => {}
                QUOTE => out.extend([QUOTE, QUOTE]),
                other => out.push(other),
            }
        }
        out.push(QUOTE);
    }
    out.push_str("\r\n");
}

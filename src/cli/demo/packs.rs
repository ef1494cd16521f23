//! A pack in the demonstration: handed over before content is destroyed, and still checked by
//! anybody afterwards.

use std::path::{Path, PathBuf};

use super::{
    Running,
    steps::{Piece, client},
};
use crate::cli::{
    client::write,
    export::pack_path,
    output::{Failure, Output},
    verify::judge,
};

/// Who takes packs along in the demonstration.
pub const COUNSEL: &str = "mara";

/// What the pack showed.
#[derive(serde::Serialize)]
pub struct Handed {
    /// Where it is.
    pub file: PathBuf,
    /// Statements in it.
    pub statements: usize,
}

/// Exports everything about the piece that somebody will object to, its files included.
pub async fn hand_over(
    running: &Running,
    made: &Path,
    pieces: &[Piece],
    output: &Output,
) -> Result<Handed, Failure> {
    let piece = pieces.last();
    let piece = piece.ok_or_else(|| Failure::usage("there are no samples in this program"))?;
    let client = client(running, made, COUNSEL).await?.for_purpose("legal");
    let file = made.join("pack.zip");
    // For its owner alone, like all that people hold.
    write(&file, b"")?;
    let pack = std::fs::File::options().write(true).open(&file);
    let pack = pack.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let bytes = client.pack(&pack_path(piece.id, true, None, None), &pack).await?;
    let statements = check(&file, made)?;
    output.good(format_args!(
        "{COUNSEL} takes an audit pack of {} along: {statements} statements and the files, {bytes} bytes",
        piece.sample
    ));
    Ok(Handed { file, statements })
}

/// The pack proves what it proved.
pub fn still_proves(handed: &Handed, made: &Path, output: &Output) -> Result<(), Failure> {
    let statements = check(&handed.file, made)?;
    output.good(format_args!(
        "the pack from before still verifies: {statements} statements, and every file by its digest"
    ));
    Ok(())
}

fn check(file: &Path, made: &Path) -> Result<usize, Failure> {
    let arguments =
        attestry_verify::Arguments::of(vec![file.to_owned()], made.join("trust.policy"));
    let report = judge(&arguments)?;
    match report.verified && report.packs.len() == 1 {
        true => Ok(report.statements.len()),
        false => Err(Failure::refused(format!("the pack: {}", report.to_text(false)))),
    }
}

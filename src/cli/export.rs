//! `attestry export`: an audit pack, fetched, verified offline, and only then put where it belongs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use attestry_proof::{cose::Subject, pack::Reader};
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
    pin::Caller,
    pin::Pin,
    verify::judge,
};

/// Which submission, and what for.
#[derive(clap::Args)]
pub struct Arguments {
    /// The submission.
    subject: Uuid,
    #[command(flatten)]
    caller: Caller,
    /// Where to write the pack; nothing is overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Put the files of the submission into it.
    #[arg(long)]
    natives: bool,
    /// Leave out what this reader is not shown: legal, auditor, contractor, reviewer, consumer or
    /// public. What is left out stays proven by its digest.
    #[arg(long, value_name = "READER")]
    redact_for: Option<String>,
    /// As of which size of the log, as an earlier pack names it [default: the newest].
    #[arg(long, value_name = "SIZE")]
    at: Option<u64>,
    /// Why you take it along: legal, audit or case. It is logged.
    #[arg(long, default_value = "legal")]
    purpose: String,
}

pub fn run(arguments: &Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let out = &arguments.out;
    if out.exists() {
        return Err(Failure::usage(format!("{} exists; nothing is overwritten", out.display())));
    }
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let unusable = |error: std::io::Error| Failure::usage(format!("{}: {error}", out.display()));
    // Beside its place, so that it is moved there in one step, and for its owner alone.
    let pack = tempfile::Builder::new().prefix(".attestry-").suffix(".zip").tempfile_in(folder);
    let pack: NamedTempFile = pack.map_err(unusable)?;
    let bytes = block_on(async {
        let client = arguments.caller.connect().await?.for_purpose(&arguments.purpose);
        let reader = arguments.redact_for.as_deref();
        let path = pack_path(arguments.subject, arguments.natives, reader, arguments.at);
        let bytes = client.pack(&path, pack.as_file()).await?;
        require_asked(arguments, pack.path(), client.pin()?)?;
        Ok(bytes)
    })?;
    pack.as_file().sync_all().map_err(unusable)?;
    pack.persist_noclobber(out).map_err(|error| unusable(error.error))?;
    output.good(format_args!("{}: {bytes} bytes, verified offline", out.display()));
    output.line("  check it again anywhere: attestry verify FILE --trust FILE");
    output.json(&serde_json::json!({ "pack": out, "bytes": bytes, "verified": true }));
    Ok(ExitCode::SUCCESS)
}

/// Verifies the pack, makes its decisions again, and holds it against what was asked for.
fn require_asked(arguments: &Arguments, pack: &Path, pin: &Pin) -> Result<(), Failure> {
    let verified = attestry_verify::Arguments::of(vec![pack.to_owned()], pin.path().to_owned());
    let report = judge(&verified)?;
    let refused = |what: &str| {
        Failure::refused(format!("what the service answered is {what}\n{}", report.to_text(false)))
    };
    let [found] = report.packs.as_slice() else { return Err(refused("no pack")) };
    if !report.verified {
        return Err(refused("not verified"));
    }
    let subject = Subject::Submission(arguments.subject).uri();
    let reader = arguments.redact_for.as_deref().unwrap_or(Reader::Legal.as_str());
    let other = found.subject != subject
        || found.reader != Some(reader.to_owned())
        || arguments.at.is_some_and(|size| size != found.size);
    match other {
        true => Err(refused("another pack than the one asked for")),
        false => Ok(()),
    }
}

/// The path that a pack is fetched by, but for the purpose.
pub fn pack_path(subject: Uuid, natives: bool, reader: Option<&str>, at: Option<u64>) -> String {
    let mut path = format!("/api/v1/submissions/{subject}/pack?natives={natives}");
    if let Some(reader) = reader {
        path.push_str("&redact_for=");
        path.extend(reader.chars().filter(char::is_ascii_alphanumeric));
    }
    if let Some(size) = at {
        path.push_str(&format!("&at={size}"));
    }
    path
}

impl Client {
    /// Writes a pack into a file as it comes; answers with its length.
    ///
    /// # Errors
    /// A [`Failure`] if this key may not have it, or the answer breaks off.
    pub async fn pack(&self, path: &str, file: &std::fs::File) -> Result<u64, Failure> {
        use std::io::Write as _;
        let path = format!("{path}{}", self.stated_purpose('&'));
        let mut answer = self.get_signed_answer(&path).await?;
        let (mut file, mut length) = (file, 0);
        loop {
            let piece = answer.chunk().await;
            let broke_off = |error| Failure::service(format!("the pack broke off: {error}"));
            let Some(piece) = piece.map_err(broke_off)? else { return Ok(length) };
            file.write_all(&piece).map_err(Failure::usage)?;
            length += piece.len() as u64;
        }
    }
}

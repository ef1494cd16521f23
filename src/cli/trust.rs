//! `attestry trust`: write a trust policy for a log, once its key's fingerprint has been compared.
//!
//! Fetching a key is not trusting it: whoever answers the request could answer with a key of their
//! own.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use attestry_proof::{
    hash::Hash,
    log::{note::VerifierKey, trust::TrustPolicy},
};

use super::{
    block_on,
    client::Client,
    output::{Failure, Output},
};

/// Which log to trust.
#[derive(clap::Args)]
pub struct Arguments {
    /// Address of the log.
    url: String,
    /// Trust policy to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Fingerprint that you were told by somebody you trust; without it you are asked.
    #[arg(long, value_name = "FINGERPRINT")]
    fingerprint: Option<String>,
}

pub fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let about = block_on(async { Client::new(&arguments.url)?.about().await })?;
    let key = VerifierKey::parse(&about.note_vkey)
        .map_err(|error| Failure::service(format!("the log's key is malformed: {error}")))?;
    let fingerprint = fingerprint(&key);
    match &arguments.fingerprint {
        Some(told) if normalized(told) == normalized(&fingerprint) => {}
        Some(told) => {
            return Err(Failure::refused(format!(
                "the log at {} has the fingerprint {fingerprint}, you gave {told}: this is not the log you mean. \
                 Nothing was written",
                arguments.url
            )));
        }
        None => confirm(&key, &fingerprint)?,
    }
    let policy = TrustPolicy::of_log(&key, Some(&arguments.url)).map_err(Failure::usage)?;
    std::fs::write(&arguments.out, policy.to_bytes())
        .map_err(|error| Failure::usage(format!("{}: {error}", arguments.out.display())))?;
    output.good(format_args!(
        "wrote {}: checkpoints of {} are trusted",
        arguments.out.display(),
        key.name()
    ));
    output.line("  no witnesses are asked for; add `witness` and `quorum` lines to demand them");
    output.json(&serde_json::json!({
        "file": arguments.out, "origin": key.name(), "log_key": key.to_string(), "fingerprint": fingerprint,
    }));
    Ok(ExitCode::SUCCESS)
}

/// SHA-256 of the vkey, in groups of four hex digits.
pub(super) fn fingerprint(key: &VerifierKey) -> String {
    let hex = Hash::of(key.to_string().as_bytes()).to_hex();
    let groups: Vec<&str> =
        (0..hex.len()).step_by(4).filter_map(|at| hex.get(at..at + 4)).collect();
    groups.join("-")
}

fn normalized(fingerprint: &str) -> String {
    fingerprint.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase()
}

fn confirm(key: &VerifierKey, fingerprint: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(format!(
            "the log's fingerprint is {fingerprint}; compare it with the one its operator told you, then give it with \
             --fingerprint. Nothing was written"
        )));
    }
    let mut stderr = std::io::stderr().lock();
    let _shown = write!(
        stderr,
        "The log says it is  {}\nwith the key        {key}\nfingerprint         {fingerprint}\n\n\
         Compare it with the fingerprint that its operator told you by another way.\nIs it the same? [y/N] ",
        key.name()
    );
    let _flushed = stderr.flush();
    let mut answer = String::new();
    let _read = stdin.lock().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::refused("not confirmed; nothing was written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_compared_by_their_digits_alone() {
        assert_eq!(normalized("AB12-cd34 "), normalized("ab:12:cd:34"));
        assert_ne!(normalized("ab12"), normalized("ab13"));
    }
}

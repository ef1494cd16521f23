//! `attestry key`: make a key, or show the public half of one.

use std::{path::PathBuf, process::ExitCode};

use attestry_proof::key::Thumbprint;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    block_on, key_changes,
    output::{Failure, Output},
    pin::Caller,
};
use crate::{
    entropy::OsEntropy,
    keys::{Signer as _, file},
};

/// What to do with a key.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a key and write it to a new file that only you can read.
    New {
        /// File to write; it must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show the public half of a key.
    Show {
        /// Key file.
        key: PathBuf,
    },
    /// Replace your key by another one, which takes over.
    Rotate(key_changes::RotateArguments),
    /// Approve that a lost key is replaced (administrators, legal officers); it takes two.
    Approve(key_changes::ApproveArguments),
    /// Take the place of your lost key, once two officers approved.
    Replace(key_changes::ReplaceArguments),
    /// Revoke a key: your own, or any as an administrator. What it signed before stays valid.
    Revoke {
        /// Thumbprint of the key to revoke.
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        thumbprint: String,
        #[command(flatten)]
        caller: Caller,
        /// compromised, lost, left-program, misuse or enrolled-in-error.
        #[arg(long)]
        reason: String,
        /// From when on it was not the owner's alone any more, such as 2026-01-31T09:30:00Z. Default:
        /// now. For readers: the key ends at its position in the log.
        #[arg(long, value_name = "TIME")]
        effective_at: Option<chrono::DateTime<chrono::Utc>>,
    },
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    let (path, signer, made) = match command {
        Command::New { out } => {
            let signer = file::create(&out, &OsEntropy).map_err(Failure::usage)?;
            (out, signer, true)
        }
        Command::Revoke { thumbprint, caller, reason, effective_at } => {
            return revoke(&thumbprint, &caller, (&reason, effective_at), output);
        }
        Command::Rotate(arguments) => return key_changes::rotate(&arguments, output),
        Command::Approve(arguments) => return key_changes::approve(&arguments, output),
        Command::Replace(arguments) => return key_changes::replace(&arguments, output),
        Command::Show { key } => {
            let signer = file::read(&key).map_err(Failure::usage)?;
            (key, signer, false)
        }
    };
    let public = signer.public_key();
    if made {
        output.good(format_args!(
            "wrote {}; keep a copy in a safe place, nobody can restore it",
            path.display()
        ));
    }
    let encoded = URL_SAFE_NO_PAD.encode(public.as_bytes());
    output.line(format_args!("thumbprint  {}", public.thumbprint()));
    output.line(format_args!("public key  {encoded}"));
    output.json(&serde_json::json!({
        "file": path,
        "thumbprint": public.thumbprint().to_string(),
        "issuer": public.thumbprint().uri(),
        "public_key": encoded,
    }));
    Ok(ExitCode::SUCCESS)
}

fn revoke(
    thumbprint: &str,
    caller: &Caller,
    (reason, effective_at): (&str, Option<chrono::DateTime<chrono::Utc>>),
    output: &Output,
) -> Result<ExitCode, Failure> {
    let thumbprint = Thumbprint::from_base64url(thumbprint).ok_or_else(|| {
        Failure::usage("a thumbprint has 43 characters; attestry key show prints it")
    })?;
    let registered =
        block_on(async { caller.connect().await?.revoke(thumbprint, reason, effective_at).await })?;
    output.good(format_args!("revoked {thumbprint} from entry {} on", registered.index));
    output.json(&registered);
    Ok(ExitCode::SUCCESS)
}

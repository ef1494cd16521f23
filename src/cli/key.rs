//! `attestry key`: make a key, or show the public half of one.

use std::{path::PathBuf, process::ExitCode};

use attestry_proof::key::Thumbprint;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    block_on,
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
    /// Revoke a key: your own, or any as an administrator. What it signed before stays valid.
    Revoke {
        /// Thumbprint of the key to revoke.
        thumbprint: String,
        #[command(flatten)]
        caller: Caller,
        /// compromised, lost, left-program, misuse or enrolled-in-error.
        #[arg(long)]
        reason: String,
    },
}

pub fn run(command: Command, output: &Output) -> Result<ExitCode, Failure> {
    let (path, signer, made) = match command {
        Command::New { out } => {
            let signer = file::create(&out, &OsEntropy).map_err(Failure::usage)?;
            (out, signer, true)
        }
        Command::Revoke { thumbprint, caller, reason } => {
            return revoke(&thumbprint, &caller, &reason, output);
        }
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
    reason: &str,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let thumbprint = Thumbprint::from_base64url(thumbprint).ok_or_else(|| {
        Failure::usage("a thumbprint has 43 characters; attestry key show prints it")
    })?;
    let registered = block_on(async { caller.connect().await?.revoke(thumbprint, reason).await })?;
    output.good(format_args!("revoked {thumbprint} from entry {} on", registered.index));
    output.json(&registered);
    Ok(ExitCode::SUCCESS)
}

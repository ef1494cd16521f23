//! `attestry key rotate`, `approve` and `replace`: how one key takes over from another.

use std::{path::PathBuf, process::ExitCode};

use attestry_proof::{
    cose::Subject,
    key::Thumbprint,
    payload::{
        Official, Payload,
        fields::{Date, KeyId, Salt},
        key_approval::{IdentityMethod, IdentityProof, KeyApproval},
        key_event::MemberRole,
        text::{Line, Name},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;

use super::{
    block_on,
    client::Client,
    office::Signing,
    output::{Failure, Output},
    pin::{Caller, Pin, path_beside},
    register::say,
    submit,
};
use crate::{
    clock::{Clock as _, SystemClock},
    entropy::{OsEntropy, random_bytes},
    http::routes::{
        key_changes::{ReplaceRequest, RotateRequest},
        keys::EnrollAnswer,
    },
    keys::{LocalSigner, Signer as _, file},
    service::rotate::possession_message,
};

/// The key that takes over.
#[derive(clap::Args)]
pub struct RotateArguments {
    #[command(flatten)]
    caller: Caller,
    /// The new key, made before with: attestry key new.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// scheduled, suspected-compromise or device-change.
    #[arg(long, default_value = "scheduled")]
    reason: String,
}

pub fn rotate(arguments: &RotateArguments, output: &Output) -> Result<ExitCode, Failure> {
    let new = file::read(&arguments.to).map_err(Failure::usage)?;
    let answer = block_on(async {
        let client = arguments.caller.connect().await?;
        let answer = client.rotate(&new, &arguments.reason).await?;
        client.pin()?.write_beside(&arguments.to, client.base())?;
        Ok(answer)
    })?;
    output.good(format_args!(
        "{} took over at entry {}; the old key signs nothing new",
        answer.key.thumbprint, answer.registered.index
    ));
    output.line(format_args!("  sign with {} from now on", arguments.to.display()));
    output.json(&answer);
    Ok(ExitCode::SUCCESS)
}

/// What an officer approves.
#[derive(clap::Args)]
pub struct ApproveArguments {
    /// Thumbprint of the lost key.
    #[arg(allow_hyphen_values = true)]
    lost: String,
    /// Thumbprint of the key that is to take its place, as its holder told you.
    #[arg(long = "with", value_name = "THUMBPRINT", allow_hyphen_values = true)]
    replacement: String,
    #[command(flatten)]
    caller: Caller,
    /// How the holder showed who they are: in-person, video, notary or organisation.
    #[arg(long, value_name = "METHOD")]
    identity: String,
    /// What was seen, without numbers of documents; may be repeated.
    #[arg(long = "seen", value_name = "DOCUMENT")]
    seen: Vec<String>,
    /// In which role you speak: legal or admin. Default: the one that your key has.
    #[arg(long)]
    role: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

pub fn approve(arguments: &ApproveArguments, output: &Output) -> Result<ExitCode, Failure> {
    let lost = thumbprint(&arguments.lost)?;
    let replacement = thumbprint(&arguments.replacement)?;
    let signing = &arguments.signing;
    let object = block_on(async {
        let client = arguments.caller.connect().await?;
        let catalogue = submit::catalogue(&client).await?;
        let keys = client.keys().await?;
        let find = |wanted: Thumbprint| {
            let wanted = wanted.to_string();
            keys.iter().find(move |key| key.thumbprint == wanted)
        };
        let record = find(lost)
            .ok_or_else(|| Failure::refused(format!("no key {lost} is enrolled there")))?;
        let own = find(client.signer()?.public_key().thumbprint());
        let roles = own.map(|key| key.roles.clone()).unwrap_or_default();
        let capacity = capacity(arguments.role.as_deref(), &roles)?;
        let body = KeyApproval {
            lost: KeyId(lost),
            replacement: KeyId(replacement),
            program: Name::new(record.program.as_str()).map_err(Failure::service)?,
            identity_proof: identity_proof(arguments)?,
            officer_is_another_person: true,
        };
        let envelope = signing.envelope(&catalogue, "key-approval", capacity)?;
        let salt = Salt(random_bytes(&OsEntropy));
        let payload: Payload = Official::new(salt, envelope, body).map_err(Failure::usage)?.into();
        let (about, out) = (Subject::Key(lost), signing.out.as_deref());
        let said = say(&client, about, &payload, &catalogue, (out, signing.yes), output).await?;
        output.good(format_args!("approved: entry {}", said.registered.index));
        output.line("  once two officers have, the holder runs: attestry key replace");
        Ok(said.tell(&payload, out, output))
    })?;
    output.json(&object);
    Ok(ExitCode::SUCCESS)
}

fn identity_proof(arguments: &ApproveArguments) -> Result<IdentityProof, Failure> {
    let method = IdentityMethod::parse(&arguments.identity)
        .ok_or_else(|| Failure::usage("--identity is: in-person, video, notary or organisation"))?;
    let seen = arguments.seen.iter().map(|text| {
        Line::new(text.as_str()).map_err(|error| Failure::usage(format!("--seen: {error}")))
    });
    let date = Date(SystemClock.now().date_naive());
    Ok(IdentityProof { method, documents_seen: seen.collect::<Result<_, _>>()?, date })
}

fn capacity(asked: Option<&str>, roles: &[String]) -> Result<MemberRole, Failure> {
    let role = match asked {
        Some(word) => MemberRole::parse(word),
        None => [MemberRole::Legal, MemberRole::Admin]
            .into_iter()
            .find(|role| roles.iter().any(|word| word == role.as_str())),
    };
    role.filter(|role| matches!(role, MemberRole::Legal | MemberRole::Admin)).ok_or_else(|| {
        Failure::usage(
            "approvals are given by legal officers and administrators: --role legal or admin",
        )
    })
}

/// The key that takes the place of a lost one.
#[derive(clap::Args)]
pub struct ReplaceArguments {
    /// Thumbprint of the lost key.
    #[arg(allow_hyphen_values = true)]
    lost: String,
    /// The new key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Address of the service.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Trust policy of the log, if you have it. Default: whichever log answers is pinned.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

pub fn replace(arguments: &ReplaceArguments, output: &Output) -> Result<ExitCode, Failure> {
    let lost = thumbprint(&arguments.lost)?;
    let signer = file::read(&arguments.key).map_err(Failure::usage)?;
    let server = &arguments.server;
    let (pin, pinned, answer) = block_on(async {
        let trust = arguments.trust.as_deref();
        let (pin, new) = Pin::for_enrolment(server, &arguments.key, trust).await?;
        let client = Client::pinned(server, signer, pin.clone()).await?;
        Ok((pin, new, client.replace(lost).await?))
    })?;
    if pinned {
        pin.write_beside(&arguments.key, server)?;
    }
    output.good(format_args!(
        "{} took the place of the lost key at entry {}",
        answer.key.thumbprint, answer.registered.index
    ));
    output.line("  it may withdraw what the lost key submitted, and submit new work");
    output.line(format_args!("  log pinned in {}", path_beside(&arguments.key).display()));
    output.json(&answer);
    Ok(ExitCode::SUCCESS)
}

fn thumbprint(text: &str) -> Result<Thumbprint, Failure> {
    Thumbprint::from_base64url(text).ok_or_else(|| {
        Failure::usage("a thumbprint has 43 characters; attestry key show prints it")
    })
}

impl Client {
    /// Replaces this client's key by another one.
    ///
    /// # Errors
    /// A [`Failure`] if the service refuses.
    pub async fn rotate(&self, new: &LocalSigner, reason: &str) -> Result<EnrollAnswer, Failure> {
        let (from, key) = (self.signer()?.public_key().thumbprint(), new.public_key());
        let message = possession_message(self.origin(), from, key.thumbprint());
        let signature = new.sign(&message).map_err(Failure::usage)?;
        let request = RotateRequest {
            public_key: URL_SAFE_NO_PAD.encode(key.as_bytes()),
            possession: URL_SAFE_NO_PAD.encode(signature),
            reason: reason.to_owned(),
        };
        self.send_json(Method::POST, &format!("/api/v1/keys/{from}/rotation"), &request).await
    }

    /// Lets this client's key take the place of a lost one.
    ///
    /// # Errors
    /// A [`Failure`] unless two officers approved.
    pub async fn replace(&self, lost: Thumbprint) -> Result<EnrollAnswer, Failure> {
        let public_key = URL_SAFE_NO_PAD.encode(self.signer()?.public_key().as_bytes());
        let path = format!("/api/v1/keys/{lost}/replacement");
        self.send_json(Method::POST, &path, &ReplaceRequest { public_key }).await
    }
}

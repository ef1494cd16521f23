//! Takedown: notices by anybody, cases and holds by legal officers.

pub mod case;
mod client;
pub mod hold;
mod messages;
pub mod notice;

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::Subject,
    payload::{Official, OfficialBody, Payload, fields::Salt, key_event::MemberRole},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    client::Client,
    office::Signing,
    output::{Failure, Output},
    register::say,
    submit,
};
use crate::entropy::{OsEntropy, random_bytes};

/// Reads a text of a payload, or says which option it is unusable in.
fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    option: &str,
    text: &str,
) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("{option} {text}: {error}")))
}

/// Shows, signs and registers what a legal officer says about a hold or case.
async fn state<B: OfficialBody>(
    client: &Client,
    (about, body): (Uuid, B),
    signing: &Signing,
    output: &Output,
) -> Result<Value, Failure>
where
    Payload: From<Official<B>>,
{
    let catalogue = submit::catalogue(client).await?;
    let payload = draft(&catalogue, body, signing)?;
    let out = signing.out.as_deref();
    let subject = Subject::Submission(about);
    let said = say(client, subject, &payload, &catalogue, (out, signing.yes), output).await?;
    output.good(format_args!("{}: entry {}", B::KIND.as_str(), said.registered.index));
    Ok(said.tell(&payload, out, output))
}

/// Fills in what a legal officer says, under the clause text in force.
///
/// # Errors
/// A [`Failure`] if the service has no text for it.
pub(super) fn draft<B: OfficialBody>(
    catalogue: &ClauseCatalogue,
    body: B,
    signing: &Signing,
) -> Result<Payload, Failure>
where
    Payload: From<Official<B>>,
{
    let envelope = signing.envelope(catalogue, B::KIND.as_str(), MemberRole::Legal)?;
    let salt = Salt(random_bytes(&OsEntropy));
    Ok(Official::new(salt, envelope, body).map_err(Failure::usage)?.into())
}

//! One statement: shown, signed, registered, kept with what proves it, and verified.

use std::path::{Path, PathBuf};

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{Attachments, Subject},
    hash::Hash,
    payload::Payload,
    size::LeafIndex,
};

use super::{
    client::{Client, write},
    held::require_verified,
    output::{Failure, Output, REFUSED},
    submit::{self, Reading},
};
use crate::{
    clock::{Clock as _, SystemClock},
    http::routes::statements::Registered,
};

/// Where a payload is kept.
pub fn payload_path(out: &Path, payload: &Payload) -> PathBuf {
    out.join("payloads").join(format!("{}.json", Hash::of(&payload.to_bytes())))
}

/// A statement that was shown, signed and registered.
pub struct Said {
    /// Its place.
    pub registered: Registered,
    /// The transparent statement.
    file: PathBuf,
}

/// Shows a payload with the texts it names, asks, signs and registers it.
///
/// # Errors
/// A [`Failure`] if the answer is no, or the service refuses.
pub async fn say(
    client: &Client,
    subject: Subject,
    payload: &Payload,
    catalogue: &ClauseCatalogue,
    (out, yes): (Option<&Path>, bool),
    output: &Output,
) -> Result<Said, Failure> {
    // Without a directory the proofs are verified all the same, and then forgotten.
    let passing = tempfile::tempdir()
        .map_err(|error| Failure::usage(format!("no directory for temporary files: {error}")))?;
    let kept = out.unwrap_or(passing.path());
    let reading = Reading::new(std::slice::from_ref(payload), catalogue)?;
    reading.show(yes && out.is_some(), output);
    submit::confirm(yes)?;
    reading.keep_texts(kept)?;
    let (registered, file) = register(client, subject, payload, kept).await?;
    Ok(Said { registered, file })
}

impl Said {
    /// Says where it is, and adds what was kept to the object.
    pub fn tell(
        &self,
        payload: &Payload,
        out: Option<&Path>,
        output: &Output,
    ) -> serde_json::Value {
        let mut object = serde_json::json!({
            "kind": payload.kind().as_str(), "registered": self.registered
        });
        if let Some(out) = out {
            output.line(format_args!(
                "  kept with receipt and proof, verified, in {}",
                out.display()
            ));
            object["file"] = serde_json::json!(self.file);
            object["payload_file"] = serde_json::json!(payload_path(out, payload));
            object["texts"] = serde_json::json!(submit::kept_texts([payload], out));
        }
        object
    }
}

/// Signs and registers it, keeps what proves it below `out`, and verifies that it does. Answers with
/// its place and the file of the transparent statement.
///
/// # Errors
/// A [`Failure`] if the service refuses, or what it answers does not verify.
pub async fn register(
    client: &Client,
    subject: Subject,
    payload: &Payload,
    out: &Path,
) -> Result<(Registered, PathBuf), Failure> {
    let issued_at = SystemClock.now().timestamp();
    let statement = submit::sign(client.signer()?, client.origin(), subject, issued_at, payload)?;
    let payload_file = payload_path(out, payload);
    write(&payload_file, &payload.to_bytes())?;
    let attachments = Attachments { payload: Some(payload.to_bytes()), ..Attachments::default() };
    let whole = attachments.encode(&statement).map_err(Failure::usage)?;
    let registered = client.register(whole).await.inspect_err(|failure| {
        // What was refused is in no log, and beside evidence it would be in the way. Without an
        // answer it may be in the log, and then only this file opens it.
        if failure.code() == REFUSED {
            let _left = std::fs::remove_file(&payload_file);
        }
    })?;
    let (index, kind) = (LeafIndex(registered.index), payload.kind().as_str());
    let file = submit::keep_statement(client, index, kind, &statement, out).await?;
    let mut held = submit::write_context(client, out).await?;
    held.extend([file.clone(), payload_file]);
    require_verified(held, client.pin()?)?;
    Ok((registered, file))
}

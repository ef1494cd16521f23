//! Why somebody opens what is sealed, as they say in the query.

use attestry_proof::payload::{
    access::{AccessPurpose, SessionMethod as Method},
    text::Line,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{auth::Caller, problem::Problem};
use crate::{service::access::Stated, store::sessions::SessionMethod};

/// Purpose of an access, which is logged. The owner needs none.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurposeQuery {
    /// `review`, `legal`, `audit`, `support` or `case`. Required of everybody but the owner; the
    /// access is logged before anything is shown.
    purpose: Option<String>,
    /// More about it, one line.
    note: Option<String>,
}

impl PurposeQuery {
    /// The same in the words of a statement.
    ///
    /// # Errors
    /// A problem with status 400.
    pub fn stated(&self, caller: &Caller) -> Result<Stated, Problem> {
        let parse = |word: &String| {
            AccessPurpose::parse(word).ok_or_else(|| {
                Problem::malformed("purposes are: review, legal, audit, support, case")
            })
        };
        let line = |text: &String| {
            Line::new(text.as_str())
                .map_err(|error| Problem::malformed(format!("note is one line of text: {error}")))
        };
        Ok(Stated {
            purpose: self.purpose.as_ref().map(parse).transpose()?,
            note: self.note.as_ref().map(line).transpose()?,
            session: match caller.session.as_ref().map(|session| session.method) {
                None => Method::Token,
                Some(SessionMethod::Key) => Method::Session,
                Some(SessionMethod::Oidc) => Method::Oidc,
            },
        })
    }
}

//! What the sections ask of a dossier more than once.

use std::collections::{BTreeMap, BTreeSet};

use attestry_proof::{
    cose::Subject,
    custody::{CustodyEvent, PayloadState},
    pack::KeyHistory,
    payload::{StatementKind, key_event::MemberRole, kind::Speaker},
};

use crate::export::Dossier;

/// Letters of a digest or key where it is not written out.
const SHORT: usize = 10;

/// What is known of a dossier.
pub struct Facts {
    /// The subject of the submission's own statements.
    pub own: String,
    /// How keys came and went.
    pub keys: KeyHistory,
    /// Who uses each key.
    speakers: BTreeMap<String, Speaker>,
}

/// How a payload is missing, in words.
pub const fn missing(state: PayloadState) -> Option<&'static str> {
    match state {
        PayloadState::Readable => None,
        PayloadState::Withheld => Some("not shown to this reader"),
        PayloadState::Erased => Some("erased: nobody can read it any more"),
    }
}

/// A digest or key that is written out elsewhere.
pub fn short(digest: &str) -> String {
    let start: String = digest.chars().take(SHORT).collect();
    if start.len() == digest.len() { start } else { format!("{start}…") }
}

/// A time with a space in it, so that it breaks well.
pub fn utc(time: impl ToString) -> String {
    time.to_string().replace('T', " ").replace('Z', " UTC")
}

/// A number of bytes, in a unit that can be read.
pub fn bytes(count: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(count) * 10 / u128::from(unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{count} bytes"),
    }
}

impl Facts {
    /// Looks through a dossier.
    pub fn of(dossier: &Dossier) -> Self {
        let keys = dossier.evidence.key_history();
        let mut speakers = BTreeMap::new();
        for change in &keys.changes {
            if let Some(key) = &change.key {
                speakers.insert(key.to_string(), holder(&change.roles));
            }
        }
        Self { own: Subject::Submission(dossier.index.subject.0).uri(), keys, speakers }
    }

    /// Who speaks in an event: by its kind, else by what its key may do.
    pub fn speaker(&self, event: &CustodyEvent) -> Speaker {
        let mut kinds = StatementKind::ALL.iter().copied();
        let kind = kinds.find(|kind| kind.as_str() == event.event);
        let by_key = || self.speakers.get(&event.signed_by.key).copied();
        let speaker = kind.map(StatementKind::speaker).or_else(by_key);
        match speaker.unwrap_or(Speaker::Service) {
            Speaker::Officer => Speaker::Legal,
            other => other,
        }
    }

    /// Who speaks at all, each once.
    pub fn speakers(&self, dossier: &Dossier) -> Vec<Speaker> {
        let all = [Speaker::Contractor, Speaker::Reviewer, Speaker::Legal, Speaker::Service];
        let found: BTreeSet<&str> =
            dossier.custody.events.iter().map(|event| self.speaker(event).as_str()).collect();
        all.into_iter().filter(|speaker| found.contains(speaker.as_str())).collect()
    }

    /// What an event is about, in a few words.
    pub fn about(&self, event: &CustodyEvent) -> String {
        match event.subject == self.own {
            true => "the submission".to_owned(),
            false => event.subject.trim_start_matches("urn:uuid:").to_owned(),
        }
    }
}

fn holder(roles: &[MemberRole]) -> Speaker {
    let has = |role| roles.contains(&role);
    match roles {
        [] => Speaker::Service,
        _ if has(MemberRole::Contractor) => Speaker::Contractor,
        _ if has(MemberRole::Reviewer) => Speaker::Reviewer,
        _ => Speaker::Legal,
    }
}

/// What an event says, line by line; empty if it cannot be read.
pub fn said(event: &CustodyEvent) -> Vec<String> {
    let mut said: Vec<String> = event.note.clone().into_iter().collect();
    let mut add = |what: &str, text: Option<&str>| {
        said.extend(text.map(|text| format!("{what}: {text}")));
    };
    add("purpose", event.purpose.as_deref());
    add("authority", event.authority.as_deref());
    let received = event.received_by.as_ref();
    let received = received.map(|by| format!("{} ({})", short(&by.key), by.authentication));
    add("received by key", received.as_deref());
    let holds = event.holds.join(", ");
    add("hold", Some(holds.as_str()).filter(|holds| !holds.is_empty()));
    let disposal = event.disposal.as_ref();
    add("disposal", disposal.map(|disposal| disposal.method.as_str()));
    said
}

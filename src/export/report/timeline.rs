//! The timeline: every event on a line of time, drawn, with what it says beside it.

use std::collections::BTreeMap;

use attestry_proof::{
    custody::{CustodyEvent, PayloadState},
    payload::kind::Speaker,
};

use super::facts::{Facts, missing, said, short, utc};
use crate::export::{
    Dossier,
    pdf::{Color, Document, Drawing, Shape, Track, TrackRow},
};

/// Draws the timeline.
pub fn timeline(document: &mut Document, dossier: &Dossier, facts: &Facts) {
    // Heading, legend and the first events belong together.
    document.keep_together(230.0);
    document.section("Timeline");
    let events = &dossier.custody.events;
    document.paragraph(
        "Every statement about the submission, and about holds and cases that concern it, in the \
         order of the log. Lines connect each statement with the one before it about the same \
         thing. Times are those at which the service logged the statement, by the service's clock; \
         the order is that of the log and does not depend on a clock.",
    );
    let speakers = facts.speakers(dossier);
    let lanes = speakers.iter().map(|speaker| (looks(*speaker), title(*speaker))).collect();
    // The submission's own events are one chain, those of each hold or case another one.
    let mut chains: BTreeMap<&str, usize> = BTreeMap::new();
    let rows = events
        .iter()
        .map(|event| {
            let next = chains.len() + 1;
            let chain = match event.subject == facts.own {
                true => 0,
                false => *chains.entry(&event.subject).or_insert(next),
            };
            let speaker = facts.speaker(event);
            let lane = speakers.iter().position(|found| *found == speaker).unwrap_or_default();
            row(event, facts, lane, chain)
        })
        .collect();
    document.track(Track { lanes, rows, columns: ["Logged", "Event", "Signed by"] });
}

fn row(event: &CustodyEvent, facts: &Facts, lane: usize, chain: usize) -> TrackRow {
    let mut lines = said(event);
    lines.extend(missing(event.payload).map(|missing| format!("payload {missing}")));
    if event.subject != facts.own {
        lines.push(format!("about {}", facts.about(event)));
    }
    let by = &event.signed_by;
    let role = by.role.as_deref().unwrap_or(title(facts.speaker(event)));
    TrackRow {
        lane,
        chain,
        drawing: match event.payload {
            PayloadState::Readable => Drawing::Full,
            PayloadState::Withheld => Drawing::Hollow,
            PayloadState::Erased => Drawing::Crossed,
        },
        when: utc(event.logged_at),
        place: format!("entry {}", event.index),
        what: event.event.clone(),
        lines,
        who: role.to_owned(),
        key: format!("key {}", short(&by.key)),
    }
}

const fn title(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Contractor => "contractor",
        Speaker::Reviewer => "reviewer",
        Speaker::Officer | Speaker::Legal => "legal officer",
        Speaker::Service => "service",
    }
}

/// Shape and colour of somebody's marks; neither says alone what the other one does.
const fn looks(speaker: Speaker) -> (Shape, Color) {
    match speaker {
        Speaker::Contractor => (Shape::Circle, Color(0x1f, 0x5f, 0xa8)),
        Speaker::Reviewer => (Shape::Square, Color(0x2e, 0x7d, 0x32)),
        Speaker::Officer | Speaker::Legal => (Shape::Diamond, Color(0x9c, 0x42, 0x21)),
        Speaker::Service => (Shape::Triangle, Color(0x5a, 0x5a, 0x66)),
    }
}

//! The report and the draft from dossiers of every kind.

use attestry_proof::pack::Reader;

use super::*;
use crate::export::{certificate::certificate, samples};

#[test]
fn the_same_dossier_is_the_same_file_and_another_position_another_one() {
    let dossier = || samples::dossier(samples::short_story(), 3);
    let first = (report(&dossier()).unwrap(), certificate(&dossier()).unwrap());
    assert_eq!(report(&dossier()).unwrap(), first.0);
    assert_eq!(certificate(&dossier()).unwrap(), first.1);
    let mut later = dossier();
    later.index.size += 1;
    assert_ne!(report(&later).unwrap(), first.0);
    assert_ne!(certificate(&later).unwrap(), first.1);
}

#[test]
fn there_is_a_report_of_nothing_for_every_reader() {
    for reader in Reader::ALL {
        let mut dossier = samples::dossier(Vec::new(), 0);
        dossier.index.reader = reader;
        assert!(report(&dossier).unwrap().starts_with(b"%PDF-1.7"));
        assert!(certificate(&dossier).unwrap().starts_with(b"%PDF-1.7"));
    }
}

#[test]
fn whatever_people_wrote_can_be_typeset() {
    let long = "n".repeat(40_000);
    let written = [
        long.as_str(),
        "\u{202e}gpj.exe\u{0}\u{feff}\u{ffff}\u{e000}\u{10ffff}\u{7f}",
        "שלום עולם (abc) مرحبا 123",
        "漢字とかな 😀 e\u{301}\u{301}\u{301}",
        "\r\n\n\t \n",
        "",
        "*not* **strong",
        "|\u{2028}\u{2029}\u{ad}\u{200d}|",
    ];
    let mut events = samples::short_story();
    for (event, text) in events.iter_mut().zip(written.iter().cycle()) {
        event.note = Some((*text).to_owned());
        event.authority = Some((*text).to_owned());
        event.event = if text.len() > 10 { (*text).to_owned() } else { "hold".to_owned() };
        event.signed_by.role = Some((*text).to_owned());
        event.signed_by.key = (*text).to_owned();
        event.holds = vec![(*text).to_owned()];
    }
    let mut dossier = samples::dossier(events, 0);
    dossier.index.origin = long.clone();
    assert!(report(&dossier).unwrap().len() > 10_000);
    assert!(certificate(&dossier).unwrap().len() > 10_000);
}

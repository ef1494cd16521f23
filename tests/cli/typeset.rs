//! `report.pdf` and `certificate.pdf` of a pack, as other programs read them.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    export::{cleared, export, files},
    scene::Scene,
    support::DONE,
};

/// The two documents of a pack of a submission that is held, with the name of each and the pack's
/// index and custody record.
fn documents() -> (Scene, String, Value, Value) {
    let (scene, id) = cleared();
    let hold = ["hold", "place", "--program", "pilot", "--submission", &id, "--yes"];
    let why = ["--matter", "A v. B", "--authority", "Letter of 2 February"];
    scene.run("lena", &[&hold[..], &why].concat()).exits(DONE);
    let inside = files(&export(&scene, &id, "pack.zip", &[]));
    for name in ["report.pdf", "certificate.pdf"] {
        fs::write(scene.path(name), &inside[name]).unwrap();
    }
    let json = |name: &str| serde_json::from_slice(&inside[name]).unwrap();
    (scene, id, json("pack.json"), json("custody.json"))
}

/// What a program prints about a document; it must not complain.
fn printed(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let ran = Command::new(&program).args(arguments).output().unwrap();
    let name = program.as_ref().to_string_lossy().into_owned();
    assert!(ran.status.success(), "{name} {arguments:?}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

fn python(document: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("tests/cli/typeset.py");
    let script = script.to_str().unwrap();
    let found = printed(root.join("tests/.tools/venv/bin/python"), &["-B", script, document]);
    serde_json::from_str(&found).unwrap()
}

#[test]
fn the_documents_of_a_pack_are_searchable_and_say_on_every_page_where_they_are_from() {
    let (scene, id, index, custody) = documents();
    let root = index["root"].as_str().unwrap();
    let origin = index["origin"].as_str().unwrap();
    let position = format!("{origin} · {} entries", index["size"]);
    for name in ["report.pdf", "certificate.pdf"] {
        let document = scene.at(name);
        printed("qpdf", &["--check", &document]);
        let pages = python(&document)["pages"].as_u64().unwrap();
        assert!(pages > 2, "{name}: {pages}");
        for page in 1..=pages {
            let number = page.to_string();
            let text =
                printed("pdftotext", &["-layout", "-f", &number, "-l", &number, &document, "-"]);
            for wanted in [root, &position, &id, &format!("page {page} of {pages}")] {
                assert!(text.contains(wanted), "{name}, page {page} lacks {wanted}:\n{text}");
            }
        }
        let text = printed("pdftotext", &["-layout", &document, "-"]);
        for event in custody["events"].as_array().unwrap() {
            for wanted in [&event["event"], &event["leaf"], &event["signed_by"]["key"]] {
                let wanted = wanted.as_str().unwrap();
                assert!(text.contains(wanted), "{name} lacks {wanted}");
            }
        }
    }
    let report = printed("pdftotext", &[&scene.at("report.pdf"), "-"]);
    for wanted in ["not evidence", "A v. B", "attestry verify pack.zip"] {
        assert!(report.contains(wanted), "{wanted}");
    }
    let certificate = printed("pdftotext", &[&scene.at("certificate.pdf"), "-"]);
    for wanted in ["DRAFT", "902(11)", "902(13)", "902(14)", "§ 1746", "Counsel must review it"] {
        assert!(certificate.contains(wanted), "{wanted}");
    }
    assert!(certificate.contains("request/mail.txt"), "{certificate}");
}

#[test]
fn the_documents_of_a_pack_are_tagged_for_those_who_do_not_see_them() {
    let (scene, id, _, custody) = documents();
    for (name, figures) in [("report.pdf", true), ("certificate.pdf", false)] {
        let found = python(&scene.at(name));
        assert_eq!(found["lang"], "en");
        for claim in ["marked", "shows_title", "claims_ua", "claims_a", "fonts_embedded"] {
            assert_eq!(found[claim], true, "{name}: {claim}");
        }
        assert!(found["title"].as_str().unwrap().contains(&id), "{found}");
        assert!(found["outline"].as_array().unwrap().len() > 5, "{found}");
        let elements = found["elements"].as_array().unwrap();
        let of = |kind: &str| elements.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
        let levels: Vec<u8> = elements
            .iter()
            .filter_map(|it| it["kind"].as_str()?.strip_prefix('H')?.parse().ok())
            .collect();
        assert_eq!(levels.first(), Some(&1), "{name}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1 && pair[1] > 1), "{levels:?}");
        assert_eq!(!of("Figure").is_empty(), figures, "{name}");
        let told: Vec<&str> =
            of("Figure").iter().map(|figure| figure["alt"].as_str().unwrap()).collect();
        let told = told.concat();
        for event in custody["events"].as_array().unwrap().iter().filter(|_| figures) {
            let place = format!("entry {}, ", event["index"]);
            assert!(told.contains(&place), "{place} is not in {told}");
        }
        for (kind, parents) in [
            ("TR", &["TBody", "THead"][..]),
            ("TH", &["TR"]),
            ("TD", &["TR"]),
            ("TBody", &["Table"]),
            ("LI", &["L"]),
            ("LBody", &["LI"]),
        ] {
            assert!(!of(kind).is_empty(), "{name}: {kind}");
            for element in of(kind) {
                assert!(parents.contains(&element["parent"].as_str().unwrap()), "{element}");
            }
        }
        let info = printed("pdfinfo", &[&scene.at(name)]);
        assert!(info.contains("Tagged:          yes"), "{info}");
    }
}

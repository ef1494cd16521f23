//! `attestry export`: packs that strangers check, and what they find in one that was changed.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read as _, Write as _},
    path::Path,
};

use attestry_verify::Verdict;
use serde_json::{Value, json};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    review::{accept, reviewed_program},
    scene::Scene,
    support::{DONE, REFUSED, USAGE, attestry},
};

/// A reviewed and cleared submission, and a legal officer.
pub fn cleared() -> (Scene, String) {
    let scene = reviewed_program();
    scene.join("pilot", "legal", "lena");
    let id = scene.submission_of("cara");
    accept(&scene, "rosa", &id);
    (scene, id)
}

pub fn export(scene: &Scene, id: &str, name: &str, more: &[&str]) -> String {
    let out = scene.at(name);
    scene.run("lena", &[&["export", id, "--out", &out], more].concat()).exits(DONE);
    out
}

/// Files of a pack, by path.
pub fn files(pack: &str) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(fs::read(pack).unwrap())).unwrap();
    let mut files = BTreeMap::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

pub fn pack(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    fs::write(path, writer.finish().unwrap().into_inner()).unwrap();
}

fn index(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["pack.json"]).unwrap()
}

fn verify(pack: &str, trust: &str) -> Value {
    attestry(&["--json", "verify", pack, "--trust", trust]).exits(DONE).json()
}

/// What the library finds about a pack, faster than a process for each.
fn judged(pack: &Path, trust: &str) -> Result<attestry_verify::Report, String> {
    let arguments = attestry_verify::Arguments::of(vec![pack.to_owned()], trust.into());
    attestry_verify::run(&arguments).map_err(|error| error.to_string())
}

#[test]
fn a_pack_is_the_same_for_the_same_position_and_says_what_happened() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let first = export(&scene, &id, "first.zip", &[]);
    let found = verify(&first, &trust);
    assert_eq!(found["verdict"], "verified", "{found}");
    let report = &found["packs"][0];
    assert_eq!(report["replay"], "agrees", "{report}");
    assert_eq!(report["erased"], 0);
    let inside = files(&first);
    let size = index(&inside)["size"].to_string();
    // The export itself is logged, so a later pack has more in it; one of the same position has not.
    let later = export(&scene, &id, "later.zip", &[]);
    assert_ne!(fs::read(&later).unwrap(), fs::read(&first).unwrap());
    let again = export(&scene, &id, "again.zip", &["--at", &size]);
    assert_eq!(fs::read(&again).unwrap(), fs::read(&first).unwrap());

    let custody: Value = serde_json::from_slice(&inside["custody.json"]).unwrap();
    let events: Vec<&str> = custody["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    for kind in ["manifest", "own-work", "redaction-check", "review", "clearance", "status"] {
        assert!(events.contains(&kind), "{kind} is not in {events:?}");
    }
    let later = files(&later);
    let access: Value = serde_json::from_slice(&later["custody.json"]).unwrap();
    let access = access["events"].as_array().unwrap().iter().rfind(|it| it["event"] == "access");
    assert_eq!(access.unwrap()["purpose"], "legal");
    assert_eq!(access.unwrap()["note"], "export: record (pack for legal, without files)");
    assert_eq!(access.unwrap()["received_by"]["key"], json!(scene.thumbprint("lena")));
}

#[test]
fn whatever_is_changed_in_a_pack_is_found() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let whole = files(&export(&scene, &id, "pack.zip", &["--natives"]));
    let path = scene.path("changed.zip");
    let refused = |changed: &BTreeMap<String, Vec<u8>>, what: &str| {
        pack(&path, changed);
        match judged(&path, &trust) {
            Err(unusable) => unusable,
            Ok(report) => {
                let text = report.to_text(false);
                assert!(!report.verified, "{what}: {text}");
                let [pack] = report.packs.as_slice() else { panic!("{what}: {text}") };
                assert_ne!(pack.verdict, Verdict::Verified, "{what}: {text}");
                pack.code.unwrap_or_default().to_owned()
            }
        }
    };
    pack(&path, &whole);
    let report = judged(&path, &trust).unwrap();
    assert!(report.verified, "{}", report.to_text(false));
    assert!(whole.keys().any(|name| name.starts_with("files/deliverable/")), "no natives");
    for name in whole.keys().filter(|name| *name != "pack.json") {
        let mut changed = whole.clone();
        let bytes = changed.get_mut(name).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        refused(&changed, name);
        // Somebody who makes the index fit cannot make the signature fit.
        changed.insert("pack.json".into(), fitted(&whole, &changed));
        refused(&changed, &format!("{name}, with the index made to fit"));
        changed.remove(name);
        refused(&changed, &format!("{name} left out"));
    }
    let mut more = whole.clone();
    more.insert("statements/0000000000.txt".into(), b"more".to_vec());
    assert_eq!(refused(&more, "a file more"), "pack-contents");
    each_field(&index(&whole), &mut |changed, field| {
        let mut files = whole.clone();
        files.insert("pack.json".into(), serde_json::to_vec_pretty(changed).unwrap());
        refused(&files, field);
    });
}

#[test]
fn a_pack_without_its_index_is_no_bag_of_evidence() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let whole = files(&export(&scene, &id, "pack.zip", &[]));
    let path = scene.path("folder/changed.zip");
    fs::create_dir(scene.path("folder")).unwrap();
    let escaped = String::from_utf8(whole["pack.json"].clone()).unwrap();
    let escaped = escaped.replace("attestry/pack/v1", "attestry\\/pack\\/v2");
    for index in [None, Some(escaped.as_bytes()), Some(b"{}"), Some(b"{\"schema\":\"x\"}")] {
        let mut changed = whole.clone();
        changed.remove("pack.cose");
        changed.remove("pack.json");
        changed.extend(index.map(|bytes| ("pack.json".to_owned(), bytes.to_vec())));
        pack(&path, &changed);
        let report = judged(&path, &trust).unwrap();
        assert!(!report.verified, "{}", report.to_text(false));
        assert_eq!(report.packs[0].code, Some("pack-index"), "{}", report.to_text(false));
        // In a folder it is judged as well, unless nothing says that it is a pack.
        if changed.contains_key("pack.json") {
            let good = scene.path("folder/good.cose");
            fs::write(good, &whole["statements/0000000000.cose"]).unwrap();
            assert!(!judged(&scene.path("folder"), &trust).unwrap().verified);
        }
    }
    // Unpacked, it is said to be unpacked.
    let folder = scene.path("unpacked");
    for (name, bytes) in &whole {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let report = judged(&folder, &trust).unwrap();
    assert!(!report.verified);
    assert!(report.to_text(false).contains("verify the archive itself"));
}

/// What a service could sign that lies: each must be found by what the statements say.
#[test]
fn not_even_the_service_can_sign_what_statements_do_not_say() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let whole = files(&export(&scene, &id, "pack.zip", &["--natives"]));
    let key = scene.service.data.join("keys/service.pem");
    let key = attestry::keys::file::read(&key).unwrap();
    let path = scene.path("signed.zip");
    let outcome = |changed: &BTreeMap<String, Vec<u8>>| {
        let mut changed = changed.clone();
        let index = relisted(&changed);
        changed.insert("pack.cose".into(), resigned(&changed["pack.cose"], &index, &key));
        changed.insert("pack.json".into(), index);
        pack(&path, &changed);
        judged(&path, &trust).unwrap().packs[0].clone()
    };
    let found = outcome(&whole);
    assert_eq!(found.code, None, "{:?}", found.fault);
    let native = whole.keys().find(|name| name.starts_with("files/request/")).unwrap().clone();
    let own_work = custody_index(&whole, "own-work");
    let rule = whole.keys().find(|name| name.ends_with("/clearance.cedar")).unwrap();
    let bundle = rule.trim_end_matches("clearance.cedar").to_owned();
    let edits: [(&str, Edit<'_>, &str); 9] = [
        (
            "a note",
            &|f| replace(f, "custody.json", "residual risk: low", "residual risk: no"),
            "custody.json",
        ),
        ("a cell", &|f| replace(f, "custody.csv", "own-work", "own-play"), "custody.csv"),
        ("a key", &|f| replace(f, "keys.json", "contractor", "auditor"), "keys.json"),
        ("a row", &|f| replace(f, "loadfile.dat", "mail.txt", "post.txt"), "loadfile.dat"),
        ("a native", &|f| drop(f.insert(native.clone(), b"other".to_vec())), &native),
        (
            "a native more",
            &|f| drop(f.insert("files/request/x".into(), vec![1])),
            "files/request/x",
        ),
        ("a payload", &|f| remove_payload(f, own_work), "custody.json"),
        ("a statement", &|f| drop(f.remove(&statement(own_work))), "custody.json"),
        ("a bundle", &|f| f.retain(|name, _| !name.starts_with(&bundle)), "bundle"),
    ];
    for (what, edit, named) in edits {
        let mut changed = whole.clone();
        edit(&mut changed);
        assert_ne!(changed, whole, "{what}");
        let found = outcome(&changed);
        assert_eq!(found.code, Some("pack-contents"), "{what}: {:?}", found.fault);
        assert!(found.fault.as_ref().unwrap().contains(named), "{what}: {:?}", found.fault);
    }
}

type Edit<'a> = &'a dyn Fn(&mut BTreeMap<String, Vec<u8>>);

fn replace(files: &mut BTreeMap<String, Vec<u8>>, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    files.insert(name.to_owned(), text.replace(from, to).into_bytes());
}

fn statement(index: u64) -> String {
    format!("statements/{index:010}.cose")
}

fn custody_index(files: &BTreeMap<String, Vec<u8>>, kind: &str) -> u64 {
    let custody: Value = serde_json::from_slice(&files["custody.json"]).unwrap();
    let events = custody["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["event"] == kind).unwrap();
    event["index"].as_u64().unwrap()
}

fn remove_payload(files: &mut BTreeMap<String, Vec<u8>>, index: u64) {
    let custody: Value = serde_json::from_slice(&files["custody.json"]).unwrap();
    let events = custody["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["index"] == index).unwrap();
    files.remove(&format!("payloads/{}.json", event["payload_sha256"].as_str().unwrap()));
}

/// The index of these files.
fn relisted(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut index = index(files);
    let listed = files.iter().filter(|(name, _)| !name.starts_with("pack."));
    let listed = listed.map(|(path, bytes)| {
        let sha256 = attestry_proof::hash::Hash::of(bytes).to_hex();
        json!({ "path": path, "size": bytes.len(), "sha256": sha256 })
    });
    index["files"] = listed.collect();
    serde_json::to_vec_pretty(&index).unwrap()
}

/// The service's signature over another index.
fn resigned(signature: &[u8], index: &[u8], key: &attestry::keys::LocalSigner) -> Vec<u8> {
    use attestry::keys::Signer as _;
    use attestry_proof::cose::{SignedStatement, UnsignedStatement};
    let header = SignedStatement::parse_entry(signature).unwrap().header().clone();
    let digest = attestry_proof::hash::Hash::of(index);
    let unsigned = UnsignedStatement::new(header, digest).unwrap();
    let signature = key.sign(&unsigned.to_be_signed()).unwrap();
    unsigned.attach(signature).entry_bytes()
}

/// The index of changed files, as a forger would write it.
fn fitted(whole: &BTreeMap<String, Vec<u8>>, changed: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut fitted = index(whole);
    for file in fitted["files"].as_array_mut().unwrap() {
        let bytes = &changed[file["path"].as_str().unwrap()];
        file["sha256"] = json!(attestry_proof::hash::Hash::of(bytes).to_hex());
        file["size"] = json!(bytes.len());
    }
    serde_json::to_vec_pretty(&fitted).unwrap()
}

/// Every value of the index but those of all files after the third, changed one by one.
fn each_field(index: &Value, try_it: &mut impl FnMut(&Value, &str)) {
    let other = |value: &Value| match value {
        Value::String(text) if text.len() == 64 => json!(format!("{}0", "1".repeat(63))),
        Value::String(text) => json!(format!("{text}x")),
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::Bool(yes) => json!(!yes),
        _ => Value::Null,
    };
    for (name, value) in index.as_object().unwrap() {
        let mut changed = index.clone();
        if let Some(files) = value.as_array() {
            for (place, file) in files.iter().take(3).enumerate() {
                for (member, value) in file.as_object().unwrap() {
                    let mut changed = index.clone();
                    changed[name][place][member] = other(value);
                    try_it(&changed, &format!("files, {member}"));
                }
            }
            changed[name].as_array_mut().unwrap().pop();
        } else if name == "reader" {
            changed[name] = json!("public");
        } else {
            changed[name] = other(value);
        }
        try_it(&changed, name);
    }
}

#[test]
fn what_a_reader_is_not_shown_is_not_in_the_pack_and_stays_proven() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let matter = ["--matter", "Exemplar v. Specimen", "--authority", "A letter of 2 February."];
    let place = ["hold", "place", "--program", "pilot", "--submission", &id, "--yes"];
    scene.run("lena", &[&place[..], &matter].concat()).exits(DONE);
    let whole = files(&export(&scene, &id, "whole.zip", &[]));
    let marked = |files: &BTreeMap<String, Vec<u8>>| {
        let mark = b"Exemplar v. Specimen";
        files.values().any(|bytes| bytes.windows(mark.len()).any(|some| some == mark))
    };
    assert!(marked(&whole));
    for reader in ["contractor", "reviewer", "consumer", "public"] {
        let made = export(&scene, &id, &format!("{reader}.zip"), &["--redact-for", reader]);
        let found = verify(&made, &trust);
        assert!(found["packs"][0]["withheld"].as_u64().unwrap() > 0, "{found}");
        let inside = files(&made);
        assert!(!marked(&inside), "{reader} is shown the hold");
        let statements = |files: &BTreeMap<String, Vec<u8>>| {
            files.keys().filter(|name| name.starts_with("statements/")).cloned().collect::<Vec<_>>()
        };
        assert!(statements(&whole).iter().all(|name| inside.contains_key(name)), "{reader}");
        let sealed = |bytes: &Vec<u8>| {
            let payload: Value = serde_json::from_slice(bytes).unwrap();
            payload.get("salt").is_some().then(|| payload["type"].as_str().unwrap().to_owned())
        };
        let kinds: Vec<String> = inside
            .iter()
            .filter(|(name, _)| name.starts_with("payloads/"))
            .filter_map(|(_, bytes)| sealed(bytes))
            .collect();
        for hidden in ["access", "hold", "clearance"] {
            assert!(!kinds.contains(&hidden.to_owned()), "{reader}: {kinds:?}");
        }
        assert_eq!(kinds.is_empty(), reader == "public", "{reader}: {kinds:?}");
        let lists = inside.keys().any(|name| name.starts_with("openings/"));
        assert_eq!(lists, reader != "public", "{reader}");
    }
}

#[test]
fn files_go_along_where_they_are_asked_for_and_the_load_file_names_them() {
    let (scene, id) = cleared();
    let without = files(&export(&scene, &id, "without.zip", &[]));
    assert!(!without.keys().any(|name| name.starts_with("files/")));
    let with = files(&export(&scene, &id, "with.zip", &["--natives"]));
    let mail = with.iter().find(|(name, _)| name.ends_with("/mail.txt"));
    let mail = mail.unwrap_or_else(|| panic!("{:?}", with.keys())).1.clone();
    assert_eq!(mail, fs::read(scene.path("request/mail.txt")).unwrap());
    // Another program's reader of separated values, told which characters Concordance uses.
    fs::write(scene.path("loadfile.dat"), &with["loadfile.dat"]).unwrap();
    let script = "import csv, json, sys\n\
        rows = csv.DictReader(open(sys.argv[1], encoding='utf-8-sig', newline=''),\n\
        \x20                     delimiter='\\x14', quotechar='\\xfe')\n\
        print(json.dumps([row for row in rows]))\n";
    let read = std::process::Command::new("python3")
        .args(["-c", script, &scene.at("loadfile.dat")])
        .output()
        .unwrap();
    assert!(read.status.success(), "{read:?}");
    let rows: Value = serde_json::from_slice(&read.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let natives = with.keys().filter(|name| name.starts_with("files/")).count();
    assert_eq!(rows.len(), natives);
    let row = rows.iter().find(|row| row["FILENAME"] == "mail.txt").unwrap();
    assert_eq!(row["SIDE"], "request");
    assert_eq!(row["FILESIZE"], mail.len().to_string());
    let link = row["NATIVELINK"].as_str().unwrap().replace('\\', "/");
    assert_eq!(with[&link], mail);
    assert_eq!(row["CUSTODIAN"], json!(scene.thumbprint("cara")));
    let md5 = std::process::Command::new("md5sum").arg(scene.path("request/mail.txt")).output();
    let md5 = String::from_utf8(md5.unwrap().stdout).unwrap();
    assert_eq!(row["MD5HASH"], md5.split(' ').next().unwrap());
}

#[test]
fn a_pack_is_for_legal_officers_and_nothing_is_overwritten() {
    let (scene, id) = cleared();
    let out = scene.at("pack.zip");
    for member in ["cara", "rosa"] {
        let refused = scene.run(member, &["export", &id, "--out", &out]).exits(REFUSED).json();
        assert!(refused["error"].as_str().unwrap().contains("not allowed"), "{refused}");
    }
    let command = ["export", &id, "--out", &out];
    scene.run("lena", &[&command[..], &["--redact-for", "anybody"]].concat()).exits(REFUSED);
    let early = scene.run("lena", &[&command[..], &["--at", "1"]].concat()).exits(REFUSED).json();
    assert!(early["error"].as_str().unwrap().contains("entries long"), "{early}");
    scene.run("lena", &[&command[..], &["--at", "1000000"]].concat()).exits(REFUSED);
    assert!(!Path::new(&out).exists());
    fs::write(&out, "mine").unwrap();
    scene.run("lena", &command).exits(USAGE);
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn packs_of_another_log_and_rolled_back_ones_are_not_verified() {
    let (scene, id) = cleared();
    let old = files(&export(&scene, &id, "old.zip", &[]));
    let new = files(&export(&scene, &id, "new.zip", &[]));
    let other = Scene::new();
    let path = scene.path("new.zip");
    let foreign = judged(&path, &other.trust()).unwrap();
    assert!(!foreign.verified);
    assert_ne!(foreign.packs[0].verdict, Verdict::Verified);
    let mut rolled_back = new;
    rolled_back.insert("checkpoint".into(), old["checkpoint"].clone());
    pack(&path, &rolled_back);
    assert!(!judged(&path, &scene.trust()).unwrap().verified);
}

#[test]
fn custody_is_drawn_and_tabled() {
    let (scene, id) = cleared();
    let [page, table, drawing] = ["c.html", "c.csv", "c.svg"].map(|name| scene.at(name));
    let custody = ["custody", &id, "--html", &page, "--csv", &table, "--svg", &drawing];
    let told = scene.run("cara", &custody).exits(DONE).json();
    let events = told["events"].as_array().unwrap();
    assert_eq!(told["gaps"], json!([]));
    let page = fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<section").count(), events.len());
    assert_eq!(page.matches("<circle").count(), events.len());
    assert!(page.contains("each names the one before it"));
    assert!(!page.contains("<script"), "a page to read needs none");
    let drawing = fs::read_to_string(drawing).unwrap();
    assert!(drawing.starts_with("<svg") && drawing.ends_with("</svg>\n"), "{drawing}");
    // Another program reads the table, and every cell is where its column says.
    let script = "import csv, json, sys\n\
        print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding='utf-8', newline='')))))\n";
    let read = std::process::Command::new("python3").args(["-c", script, &table]).output().unwrap();
    assert!(read.status.success(), "{read:?}");
    let rows: Value = serde_json::from_slice(&read.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.iter().zip(events) {
        assert_eq!(row["leaf_sha256"], event["leaf_hash"]);
        assert_eq!(row["signed_by_key"], event["issuer"]);
        assert_eq!(row["event"], event["kind"]);
        assert_eq!(row["payload_sha256"], event["payload_sha256"]);
        assert_eq!(row.as_object().unwrap().len(), 23);
    }
}

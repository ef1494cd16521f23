//! What `verify.html` says of packs that somebody changed: a stranger, or a service that lies and
//! signs what it says.

use std::{
    fs,
    io::{Cursor, Write as _},
};

use attestry_proof::{
    cose::{
        ContentType, Header, SignedStatement, Subject, TransparentStatement, UnsignedStatement,
        statement::Algorithm,
    },
    hash::Hash,
    key::PublicKey,
    log::{
        cosignature,
        note::{KeyKind, Note, VerifierKey},
        proof_file::LogProof,
    },
};
use ed25519_dalek::{Signer as _, SigningKey, pkcs8::DecodePrivateKey as _};
use serde_json::{Value, json};
use uuid::Uuid;
use walkdir::WalkDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    export::{cleared, export, files},
    page::{Files, Page},
    scene::Scene,
};

/// The archive, compressed.
fn deflated(files: &Files) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// With an index that fits the files.
fn fitted(mut files: Files) -> Files {
    let mut index: Value = serde_json::from_slice(&files["pack.json"]).unwrap();
    let named = files.iter().filter(|(path, _)| *path != "pack.json" && *path != "pack.cose");
    let named = named.map(|(path, bytes)| {
        json!({ "path": path, "size": bytes.len(), "sha256": Hash::of(bytes).to_hex() })
    });
    index["files"] = named.collect();
    files.insert("pack.json".into(), pretty(&index));
    files
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

/// With an index that fits, signed by the service itself.
fn resigned(scene: &Scene, files: Files) -> Files {
    let mut files = fitted(files);
    let found = WalkDir::new(scene.directory.path()).into_iter().filter_map(Result::ok);
    let mut found = found.filter(|entry| entry.file_name() == "service.pem");
    let pem = fs::read_to_string(found.next().unwrap().path()).unwrap();
    let key = SigningKey::from_pkcs8_pem(&pem).unwrap();
    let public = PublicKey::from_bytes(key.verifying_key().as_bytes()).unwrap();
    let index: Value = serde_json::from_slice(&files["pack.json"]).unwrap();
    let subject: Uuid = index["subject"].as_str().unwrap().parse().unwrap();
    let header = Header {
        algorithm: Algorithm::EdDsa,
        issuer: public.thumbprint(),
        subject: Subject::Submission(subject),
        audience: index["origin"].as_str().unwrap().to_owned(),
        issued_at: 1,
        content_type: ContentType::Pack,
    };
    let unsigned = UnsignedStatement::new(header, Hash::of(&files["pack.json"])).unwrap();
    let signature = key.sign(&unsigned.to_be_signed()).to_bytes();
    files.insert("pack.cose".into(), unsigned.attach(signature).entry_bytes());
    files
}

/// The first file of this beginning.
fn first(files: &Files, begin: &str) -> String {
    files.keys().find(|path| path.starts_with(begin)).unwrap().clone()
}

fn find(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

fn edited(files: &Files, path: &str, edit: impl FnOnce(&mut Vec<u8>)) -> Files {
    let mut files = files.clone();
    edit(files.get_mut(path).unwrap());
    files
}

fn flipped(files: &Files, path: &str) -> Files {
    edited(files, path, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    })
}

fn without(files: &Files, path: &str) -> Files {
    let mut files = files.clone();
    files.remove(path).unwrap();
    files
}

/// Without a statement and what it commits to.
fn unsaid(files: &Files, path: &str) -> Files {
    let (stated, _) = SignedStatement::parse(&files[path]).unwrap();
    without(&without(files, path), &format!("payloads/{}.json", stated.payload_digest()))
}

fn with(files: &Files, path: &str, bytes: &[u8]) -> Files {
    let mut files = files.clone();
    files.insert(path.into(), bytes.to_vec());
    files
}

/// A JSON document, changed.
fn restated(files: &Files, path: &str, change: impl FnOnce(&mut Value)) -> Files {
    edited(files, path, |bytes| {
        let mut value = serde_json::from_slice(bytes).unwrap();
        change(&mut value);
        *bytes = pretty(&value);
    })
}

#[test]
fn what_a_stranger_changes_is_named() {
    let (scene, id) = cleared();
    let old = files(&export(&scene, &id, "old.zip", &[]));
    let whole = files(&export(&scene, &id, "whole.zip", &["--natives"]));
    let mut page = Page::open();
    page.trust(&scene.trust());
    page.judge(&deflated(&whole)).verified();

    let statement = first(&whole, "statements/0000000008");
    let native = first(&whole, "files/deliverable/");
    let payload = first(&whole, "payloads/");
    for path in [&statement, &native, &payload, "checkpoint", "custody.json", "verify.html"] {
        let changed = flipped(&whole, path);
        page.judge_files(&changed).refused(&format!("{path} is not the file that the index names"));
        let left_out = without(&whole, path);
        page.judge_files(&left_out).refused(&format!("{path} is missing"));
    }
    let more = with(&whole, "statements/0000000008.txt", b"more");
    page.judge_files(&more).refused("statements/0000000008.txt is not in the index");
    page.judge_files(&without(&whole, "pack.json")).refused("it is no audit pack");
    page.judge_files(&without(&whole, "pack.cose")).refused("pack.cose");
    let elsewhere = restated(&whole, "pack.json", |index| index["origin"] = json!("example.org/x"));
    page.judge_files(&elsewhere).refused("is for another log");
    let spaced = edited(&whole, "pack.json", |bytes| bytes.push(b' '));
    page.judge_files(&spaced).refused("pack.json is not written the one way");
    let signature = edited(&whole, "pack.cose", |bytes| *bytes.last_mut().unwrap() ^= 1);
    page.judge_files(&signature).refused("pack.cose: the signature does not verify");

    // Where the index was made to fit, what it names fails before its signature does.
    let at_end = edited(&whole, &statement, |bytes| *bytes.last_mut().unwrap() ^= 1);
    page.judge_files(&fitted(at_end))
        .refused(&format!("{statement}: the signature does not verify"));
    let receipt = edited(&whole, &statement, |bytes| {
        let end = find(bytes, "attestry-key");
        bytes[end - 20] ^= 1;
    });
    page.judge_files(&fitted(receipt)).refused("the signature does not cover the root");
    let path = edited(&whole, &statement, |bytes| {
        let line = find(bytes, "\nindex 8\n") + 12;
        bytes[line] = if bytes[line] == b'A' { b'B' } else { b'A' };
    });
    page.judge_files(&fitted(path)).refused("the path does not lead to the root");
    let root = edited(&whole, "checkpoint", |bytes| {
        let signed = find(bytes, "\u{2014} ") + 60;
        bytes[signed] = if bytes[signed] == b'A' { b'B' } else { b'A' };
    });
    page.judge_files(&fitted(root)).refused("does not verify");
    let said = flipped(&whole, &payload);
    page.judge_files(&fitted(said)).refused("does not have the digest that its name says");
    page.judge_files(&fitted(without(&whole, &statement))).refused("the payload of no statement");
    page.judge_files(&fitted(unsaid(&whole, &statement))).refused("it is over another index");
    let rolled_back = with(&whole, "checkpoint", &old["checkpoint"]);
    page.judge_files(&fitted(rolled_back)).refused("not of the size and root that pack.json names");
    page.was_quiet();
}

#[test]
fn archives_that_attack_their_reader_are_refused() {
    let (scene, id) = cleared();
    let whole = files(&export(&scene, &id, "whole.zip", &[]));
    let mut page = Page::open();
    page.trust(&scene.trust());
    for path in ["../evil", "a/../../evil", "C:/evil", "a//b", "a\\b"] {
        page.judge_files(&with(&whole, path, b"evil")).refused("which is no path of a pack");
    }
    let zeros = vec![0; 16 << 20];
    page.judge(&deflated(&with(&whole, "README.txt", &zeros)))
        .refused("expands to more than 200 times");
    let packed = deflated(&whole);
    let in_directory = |packed: &[u8], name: &str| {
        let name = name.as_bytes();
        packed.windows(name.len()).rposition(|window| window == name).unwrap()
    };
    let lying = |name: &str, field: usize, value: u32| {
        let mut packed = packed.clone();
        let entry = in_directory(&packed, name) - 46;
        packed[entry + field..entry + field + 4].copy_from_slice(&value.to_le_bytes());
        packed
    };
    page.judge(&lying("README.txt", 24, 7)).refused("expands to more than the 7 bytes");
    page.judge(&lying("keys.json", 42, 0)).refused("overlaps what comes after it");
    let mut twice = deflated(&with(&with(&whole, "twice-a", b"a"), "twice-b", b"b"));
    while let Some(at) = twice.windows(7).position(|window| window == b"twice-b") {
        twice[at + 6] = b'a';
    }
    page.judge(&twice).refused("the archive holds twice-a twice");
    let mut renamed = packed.clone();
    let at = in_directory(&renamed, "README.txt");
    renamed[at] = b'X';
    page.judge(&renamed).refused("has another name in its own header");
    page.judge(&packed[..packed.len() - 30]).refused("not a ZIP archive, or it is cut short");
    page.judge(b"PK and nothing else").refused("cut short");

    let other = Scene::new();
    page.trust(&other.trust());
    page.judge(&packed).refused("checkpoint");
    page.was_quiet();
}

#[test]
fn a_service_that_lies_and_signs_it_is_found_out() {
    let (scene, id) = cleared();
    let whole = files(&export(&scene, &id, "whole.zip", &["--natives"]));
    let mut page = Page::open();
    page.trust(&scene.trust());
    page.judge_files(&resigned(&scene, whole.clone())).verified();

    let mut found = |lie: Files, why: &str| page.judge_files(&resigned(&scene, lie)).refused(why);
    let event = |number: usize, member: &'static str, value: Value| {
        restated(&whole, "custody.json", |record| record["events"][number][member] = value)
    };
    let other = json!("1".repeat(64));
    found(event(1, "previous", other.clone()), "is not linked to the one before it");
    found(event(1, "previous", Value::Null), "is not linked to the one before it");
    found(event(1, "leaf", other.clone()), "is not what its statement says");
    found(event(1, "event", json!("review")), "is not what its statement says");
    found(event(1, "payload", json!("erased")), "is not what its statement says");
    let shorter = restated(&whole, "custody.json", |record| {
        record["events"].as_array_mut().unwrap().pop();
    });
    found(shorter, "custody.json leaves out the statement at entry");
    found(event(1, "note", json!("otherwise")), "custody.csv is not what follows");
    let keys = restated(&whole, "keys.json", |keys| keys["changes"][0]["reason"] = json!("none"));
    found(keys, "keys.json is not what follows");
    let list = edited(&whole, "openings/request.json", |bytes| {
        let at = find(bytes, "mail.txt");
        bytes[at] = b'M';
    });
    found(list, "the files lead to another commitment");
    let twice = edited(&whole, "openings/request.json", |bytes| {
        let at = find(bytes, "\"role\"");
        bytes.splice(at..at, *b"\"role\":\"request\",");
    });
    found(twice, "openings/request.json says something twice");
    found(
        flipped(&whole, "files/request/request/mail.txt"),
        "is not the file that the list of files names",
    );
    found(
        without(&whole, "files/request/request/mail.txt"),
        "in the list of files and not in the pack",
    );
    found(with(&whole, "files/request/more.txt", b"more"), "is in no list of files");
    let load_file = edited(&whole, "loadfile.dat", |bytes| {
        let at = find(bytes, "mail.txt");
        bytes[at] = b'M';
    });
    found(load_file, "loadfile.dat is not what follows");
    let rule = first(&whole, "policies/");
    found(flipped(&whole, &rule), "is not the file that the policy statement names");
    let genesis = "statements/0000000000.cose";
    found(unsaid(&whole, genesis), "the log's first entry, which names its keys, is not in");
    let (seventh, eighth) = ("statements/0000000007.cose", "statements/0000000008.cose");
    let swapped = with(&with(&whole, seventh, &whole[eighth]), eighth, &whole[seventh]);
    found(swapped, "is not the statement at its position");
    found(with(&whole, "payloads/more.json", b"{}"), "does not have the digest that its name says");
    page.was_quiet();
}

/// The checkpoint, seen by a witness that signs `text` of it.
fn cosigned(note: &[u8], witness: &SigningKey, vkey: &VerifierKey, forged: bool) -> Vec<u8> {
    let note = Note::parse(note).unwrap();
    let time = 1_750_000_000;
    let message = cosignature::to_be_signed(time + u64::from(forged), note.text());
    let signature = witness.sign(&message).to_bytes();
    let line = cosignature::signature(vkey, time, &signature).unwrap();
    note.with_signature(line).unwrap().to_bytes()
}

#[test]
fn witnesses_must_have_seen_what_the_trust_file_demands() {
    let (scene, id) = cleared();
    let whole = files(&export(&scene, &id, "whole.zip", &[]));
    let witness = SigningKey::from_bytes(&[7; 32]);
    let public = PublicKey::from_bytes(witness.verifying_key().as_bytes()).unwrap();
    let vkey = VerifierKey::new("witness.example/w", KeyKind::Cosignature, public).unwrap();
    let seen = |forged: bool| {
        let see = |note: &[u8]| cosigned(note, &witness, &vkey, forged);
        let mut files = whole.clone();
        for (path, bytes) in &mut files {
            if path.ends_with("checkpoint") {
                *bytes = see(bytes);
            } else if path.starts_with("statements/") {
                let mut statement = TransparentStatement::parse(bytes).unwrap();
                let proof = LogProof::parse(&statement.log_proof.unwrap()).unwrap();
                let checkpoint = see(proof.checkpoint());
                let proof = LogProof::new(proof.index(), proof.path().to_vec(), checkpoint);
                statement.log_proof = Some(proof.to_bytes());
                *bytes = statement.encode().unwrap();
            }
        }
        resigned(&scene, files)
    };
    let trust = scene.trust();
    let log = fs::read_to_string(&trust).unwrap();
    let log = log.lines().next().unwrap();
    let policy = format!("{log}\nwitness one {vkey}\ngroup some any one\nquorum some\n");
    fs::write(&trust, policy).unwrap();
    let mut page = Page::open();
    page.trust(&trust);
    page.judge_files(&whole).refused("was not seen by the witnesses that your trust file demands");
    page.judge_files(&seen(true)).refused("the cosignature of one does not verify");
    let said = page.judge_files(&seen(false)).verified();
    said.shows("2025-06-15 15:06:40 UTC");
    page.was_quiet();
}

//! Git repositories in folders, archives and bundles: people, messages, what was taken back, and what
//! is broken. The repositories are made by git itself: `files/git/make.sh`, and here.

#![forbid(unsafe_code)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, Finding, Kind, Limits, Report, Severity, fix, fix_files};
use support::{of, rules_of, scanner, zipped};

const EVERYTHING: &[u8] = include_bytes!("files/git/everything.tar");
const SHA256: &[u8] = include_bytes!("files/git/sha256.tar");
const BUNDLE: &[u8] = include_bytes!("files/git/history.bundle");
const THIN: &[u8] = include_bytes!("files/git/thin.bundle");

/// A folder for one test, gone when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scrub-git-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.0, arguments)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    fn commit(&self, name: &str, content: &[u8], message: &str) {
        self.write(name, content);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn tar(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        builder.mode(tar::HeaderMode::Deterministic);
        builder.follow_symlinks(false);
        builder.append_dir_all("work", &self.0).expect("entries");
        builder.into_inner().expect("an archive")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Eva Lang")
        .env("GIT_AUTHOR_EMAIL", "eva.lang@corp.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_NAME", "Eva Lang")
        .env("GIT_COMMITTER_EMAIL", "eva.lang@corp.com")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn repository(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.git(&["init", "-q", "--template=", "-b", "main", "."]);
    folder
}

/// The masked form of an address, as findings show it.
fn addresses<'r>(report: &'r Report, address: &str) -> Vec<&'r Finding> {
    let (user, host) = address.split_once('@').expect("an address");
    let dots = |text: &str| -> String {
        text.chars().map(|c| if c.is_alphanumeric() { '•' } else { c }).collect()
    };
    let masked = format!("{}{}@{}om", &user[..2], dots(&user[2..]), dots(&host[..host.len() - 2]));
    report.findings.iter().filter(|f| f.rule == "personal.email" && f.excerpt == masked).collect()
}

#[test]
fn everything_that_a_repository_hides_is_found() {
    let report = scanner().scan("work.tar", EVERYTHING);
    let cases = [
        ("fritz.adler@corp.com", Channel::CommitMessage),
        ("gina.roth@corp.com", Channel::Author),
        ("dora.klein@corp.com", Channel::History),
        ("hans.kurz@corp.com", Channel::History),
        ("jana.ost@corp.com", Channel::CommitMessage),
        ("lena.rau@corp.com", Channel::History),
        ("mona.sahl@corp.com", Channel::History),
        ("nora.tann@corp.com", Channel::History),
        ("carl.voss@corp.com", Channel::Author),
    ];
    for (address, channel) in cases {
        let found = addresses(&report, address);
        let found: Vec<_> = found.iter().filter(|f| f.location.channel == channel).collect();
        assert!(!found.is_empty(), "{address} in {channel:?}");
        assert!(found.iter().all(|f| f.location.commit.is_some()), "{address}: its commit");
    }
    for address in
        ["paul.veit@corp.com", "olga.uhl@corp.com", "rosa.wild@corp.com", "tina.zorn@corp.com"]
    {
        assert!(!addresses(&report, address).is_empty(), "{address}");
    }
    for rule in [
        "hidden.git-history",
        "hidden.git-deleted-file",
        "hidden.git-old-version",
        "hidden.git-unreachable",
        "hidden.git-stash",
        "hidden.git-branch",
        "hidden.git-note",
        "hidden.git-staged",
        "hidden.git-hook",
        "metadata.git-identity",
        "metadata.git-remote",
        "metadata.git-submodule",
        "file.git-large-file",
    ] {
        assert!(!of(&report, rule).is_empty(), "{rule}");
    }
    let unread = report.not_read.iter().filter(|n| n.reason != Reason::Link);
    assert_eq!(unread.count(), 0, "{:?}", report.not_read);
}

#[test]
fn a_deleted_file_is_located_by_its_first_commit_and_path() {
    let report = scanner().scan("work.tar", EVERYTHING);
    let deleted = of(&report, "hidden.git-deleted-file");
    let secret = deleted
        .iter()
        .find(|f| f.location.path.last().is_some_and(|name| name.ends_with(":secret.txt")));
    let secret = &secret.expect("the deleted file").location;
    let commit = secret.commit.as_deref().expect("a commit");
    assert_eq!(secret.path[1], "everything/.git");
    assert!(secret.path[2].starts_with(&commit[..12]));
    let content = addresses(&report, "dora.klein@corp.com");
    assert_eq!((content.len(), content[0].location.line), (1, Some(1)));
    assert_eq!(content[0].location.commit.as_deref(), Some(commit));
}

#[test]
fn what_parts_of_a_deleted_document_hold_is_located_by_its_commit() {
    let folder = repository("document");
    let types = ("[Content_Types].xml", b"<Types/>".as_slice());
    let document = "<d><p><r><t>Mail eva.lang@corp.com</t></r></p></d>".as_bytes();
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is>\
        <t>eva.lang@corp.com</t></is></c></row></sheetData></worksheet>"
        .as_bytes();
    let workbook = "<workbook><sheets><sheet name='a' id='r1'/></sheets></workbook>".as_bytes();
    let relations = "<Relationships><Relationship Id='r1' Target='worksheets/sheet1.xml'/>\
        </Relationships>"
        .as_bytes();
    let slides = [types, ("ppt/presentation.xml", b"<p/>"), ("ppt/slides/slide1.xml", document)];
    folder.write("old.docx", &zipped(&[types, ("word/document.xml", document)]));
    folder.write("old.pptx", &zipped(&slides));
    folder.write(
        "old.xlsx",
        &zipped(&[
            types,
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", relations),
            ("xl/worksheets/sheet1.xml", sheet),
        ]),
    );
    folder.commit("kept.txt", b"nothing", "first");
    let first = folder.git(&["rev-parse", "HEAD"]);
    folder.git(&["rm", "-q", "old.docx", "old.pptx", "old.xlsx"]);
    folder.commit("kept.txt", b"nothing more", "second");
    let report = scanner().scan("work.tar", &folder.tar());
    for name in ["old.docx", "old.pptx", "old.xlsx"] {
        let is_in = |finding: &&&Finding| finding.location.path.iter().any(|p| p.ends_with(name));
        let all = addresses(&report, "eva.lang@corp.com");
        let found: Vec<_> = all.iter().filter(is_in).collect();
        assert!(!found.is_empty(), "{name}: {:#?}", report.findings);
        for finding in found {
            assert_eq!(finding.location.commit.as_deref(), Some(first.trim()), "{finding:#?}");
            assert_eq!(finding.location.channel, Channel::History, "{finding:#?}");
        }
    }
}

#[test]
fn people_are_counted_once_each() {
    let report = scanner().scan("work.tar", EVERYTHING);
    let people = of(&report, "metadata.git-identity");
    let gina: Vec<_> = people.iter().filter(|f| f.excerpt.starts_with("Gi")).collect();
    assert_eq!((gina.len(), gina[0].count), (1, 1));
    let eva: Vec<_> =
        people.iter().filter(|f| f.location.field.as_deref() == Some("author")).collect();
    assert!(eva.iter().any(|f| f.count > 5), "{eva:?}");
}

#[test]
fn bundles_are_read_and_say_what_they_leave_out() {
    let report = scanner().scan("a.bundle", BUNDLE);
    assert_eq!(report.read[0].kind, Kind::GitBundle);
    assert!(!addresses(&report, "hans.kurz@corp.com").is_empty());
    assert!(!addresses(&report, "jana.ost@corp.com").is_empty());
    assert!(of(&report, "hidden.git-unreachable").is_empty());
    let thin = scanner().scan("a.bundle", THIN);
    assert!(thin.not_read.iter().any(|n| n.reason == Reason::Link));
    assert!(!of(&thin, "metadata.git-identity").is_empty());
}

#[test]
fn a_repository_with_sha_256_is_read() {
    let report = scanner().scan("work.tar", SHA256);
    let found = addresses(&report, "dora.klein@corp.com");
    assert_eq!(found[0].location.commit.as_ref().map(String::len), Some(64));
    assert_eq!(of(&report, "file.git-wrong-id").len(), 0);
    assert_eq!(report.not_read, []);
}

#[test]
fn an_ordinary_repository_has_no_high_findings_but_its_people() {
    let folder = repository("ordinary");
    for round in 0..5 {
        folder.commit("a.txt", format!("round {round}\n").as_bytes(), "Go on");
    }
    folder.git(&["gc", "-q"]);
    let report = scanner().scan("work.tar", &folder.tar());
    let high: Vec<&Finding> =
        report.findings.iter().filter(|f| f.severity >= Severity::High).collect();
    assert!(high.iter().all(|f| f.rule == "personal.email"), "{high:?}");
    assert!(high.iter().all(|f| f.location.channel == Channel::Author), "{high:?}");
    assert_eq!(report.not_read, []);
    let again = scanner().scan("work.tar", &folder.tar());
    assert_eq!(report.digest(), again.digest());
}

#[test]
fn contents_of_the_work_tree_are_searched_once() {
    let folder = repository("once");
    folder.commit("a.txt", b"write to eva@corp.org\n", "Add");
    let report = scanner().scan("work.tar", &folder.tar());
    let places: Vec<_> = of(&report, "personal.email")
        .into_iter()
        .filter(|f| f.location.channel != Channel::Author)
        .map(|f| f.location.path.last().cloned())
        .collect();
    assert_eq!(places, [Some("work/a.txt".to_owned())]);
}

#[test]
fn a_damaged_object_is_said_to_be_so() {
    let folder = repository("damaged");
    folder.commit("a.txt", b"one\n", "Add");
    folder.commit("a.txt", b"two\n", "Change");
    let id = folder.git(&["rev-parse", "HEAD~1:a.txt"]);
    let other = folder.git(&["rev-parse", "HEAD:a.txt"]);
    let path = |id: &str| format!(".git/objects/{}/{}", &id[..2], &id[2..]);
    let whole = std::fs::read(folder.0.join(path(&id))).expect("an object");
    let scan = |folder: &Folder| scanner().scan("work.tar", &folder.tar());
    let reasons = |report: &Report| report.not_read.iter().map(|n| n.reason).collect::<Vec<_>>();

    std::fs::remove_file(folder.0.join(path(&id))).expect("gone");
    assert_eq!(reasons(&scan(&folder)), []);
    folder.write(&path(&id), &whole[..whole.len() / 2]);
    assert!(reasons(&scan(&folder)).contains(&Reason::Broken));
    std::fs::remove_file(folder.0.join(path(&id))).expect("gone");
    let content = std::fs::read(folder.0.join(path(&other))).expect("an object");
    folder.write(&path(&id), &content);
    assert_eq!(of(&scan(&folder), "file.git-wrong-id").len(), 1);
    folder.write(&path(&id), &[whole, b"tail".to_vec()].concat());
    assert_eq!(of(&scan(&folder), "hidden.trailing-bytes").len(), 1);
}

#[test]
fn a_shallow_clone_is_said_to_be_so() {
    let folder = repository("deep");
    folder.commit("a.txt", b"one\n", "Add");
    folder.commit("a.txt", b"two\n", "Change");
    let shallow = Folder::new("shallow");
    let url = format!("file://{}", folder.0.display());
    shallow.git(&["clone", "-q", "--template=", "--depth", "1", &url, "."]);
    let report = scanner().scan("work.tar", &shallow.tar());
    let parts: Vec<_> = report.not_read.iter().map(|n| (n.part.as_deref(), n.reason)).collect();
    assert_eq!(parts, [(Some("shallow"), Reason::Link)]);
    assert_eq!(of(&report, "metadata.git-remote").len(), 1);
}

#[test]
fn bounds_hold_for_histories() {
    let limits = |limits: Limits| scanner().with_limits(limits).scan("work.tar", EVERYTHING);
    let few = limits(Limits { entries_max: 60, ..Limits::default() });
    assert!(few.not_read.iter().any(|n| n.reason == Reason::TooManyEntries));
    let little = limits(Limits { total_bytes_max: 30_000, ..Limits::default() });
    assert!(little.not_read.iter().any(|n| n.reason == Reason::TotalTooLarge));
    let flat = limits(Limits { depth_max: 2, ..Limits::default() });
    assert!(flat.not_read.iter().any(|n| n.reason == Reason::TooDeep));
}

#[test]
fn a_tree_that_holds_itself_many_times_ends() {
    let folder = repository("bomb");
    folder.commit("a.txt", b"x\n", "Add");
    let mut tree = folder.git(&["rev-parse", "HEAD^{tree}"]);
    for _ in 0..12 {
        let lines: String = (0..10).map(|at| format!("040000 tree {tree}\td{at}\n")).collect();
        folder.write("lines", lines.as_bytes());
        let mut mktree = Command::new("git");
        mktree.arg("mktree").current_dir(&folder.0);
        let input = std::fs::File::open(folder.0.join("lines")).expect("a file");
        let output = mktree.stdin(input).output().expect("git is installed");
        tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    let commit = folder.git(&["commit-tree", &tree, "-m", "Bomb"]);
    folder.git(&["update-ref", "refs/heads/bomb", &commit]);
    let limits = Limits { entries_max: 1000, ..Limits::default() };
    let report = scanner().with_limits(limits).scan("work.tar", &folder.tar());
    assert!(report.not_read.iter().any(|n| n.reason == Reason::TooManyEntries));
}

#[test]
fn a_file_that_is_no_repository_is_no_repository() {
    let files = [(".gitignore", b"target\n".as_slice()), ("a/.git", b"gitdir: ../b\n")];
    let report = scanner().scan("a.zip", &support::zipped(&files));
    assert_eq!(rules_of(&report), Vec::<&str>::new());
    assert_eq!(report.read.len(), 3);
    let pack = scanner().scan("x.pack", b"PACK\0\0\0\x02\0\0\0\x05broken");
    assert_eq!(pack.not_read[0].reason, Reason::Broken);
}

/// Unpacks the entries of an archive below a folder.
fn unpack(folder: &Folder, bytes: &[u8]) {
    tar::Archive::new(bytes).unpack(&folder.0).expect("entries");
}

#[test]
fn a_fixed_repository_is_a_fresh_one() {
    let fixed = fix("work.tar", EVERYTHING, Limits::default()).expect("a copy");
    assert!(fixed.removed.iter().any(|removed| removed.channel == Channel::History));
    let folder = Folder::new("fixed");
    unpack(&folder, &fixed.bytes);
    let inside = folder.0.join("everything");
    git(&inside, &["fsck", "--strict", "--full"]);
    assert_eq!(git(&inside, &["log", "--format=%an|%ae|%s"]), "Redacted|redacted|Redacted copy");
    assert_eq!(git(&inside, &["status", "--porcelain"]), "");
    assert_eq!(git(&inside, &["remote"]), "");
    let files = git(&inside, &["ls-files"]);
    assert_eq!(
        files.lines().collect::<Vec<_>>(),
        ["amended.txt", "large.bin", "link", "manual.txt", "part/part.txt", "side.txt"]
    );
    assert!(std::fs::read(inside.join("manual.txt")).is_ok_and(|c| c.starts_with(b"line 1 of")));
    let report = scanner().scan("work.tar", &fixed.bytes);
    let rules = rules_of(&report);
    assert!(
        !rules.iter().any(|rule| rule.contains("git-") && *rule != "file.git-large-file"),
        "{rules:?}"
    );
    assert!(addresses(&report, "dora.klein@corp.com").is_empty());
}

#[test]
fn repositories_are_fixed_in_zips_folders_and_bare() {
    let folder = repository("fix-bare");
    folder.commit("a/b.txt", b"one\n", "Write to eva@corp.com");
    folder.commit("a.txt", b"two\n", "Go on");
    let bare = Folder::new("bare");
    let source = folder.0.to_string_lossy().into_owned();
    bare.git(&["clone", "-q", "--bare", "--template=", &source, "x.git"]);
    let fixed = fix("bare.tar", &bare.tar(), Limits::default()).expect("a copy");
    let copy = Folder::new("bare-copy");
    unpack(&copy, &fixed.bytes);
    let inside = copy.0.join("work/x.git");
    git(&inside, &["fsck", "--strict"]);
    assert_eq!(git(&inside, &["ls-tree", "-r", "--name-only", "HEAD"]), "a.txt\na/b.txt");

    let mut files = std::collections::BTreeMap::new();
    for entry in tar::Archive::new(folder.tar().as_slice()).entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").to_string_lossy().into_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).expect("its content");
        if !name.ends_with('/') && entry.header().entry_type().is_file() {
            files.insert(name, content);
        }
    }
    let entries: Vec<(&str, &[u8])> =
        files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    let zip = fix("a.zip", &support::zipped(&entries), Limits::default()).expect("a copy");
    let copy = fix_files("work", files, Limits::default()).expect("a copy");
    assert_eq!(copy.removed.len(), 1);
    let out = Folder::new("folder-copy");
    for (name, content) in &copy.files {
        out.write(name, content);
    }
    let inside = out.0.join("work");
    git(&inside, &["fsck", "--strict"]);
    assert_eq!(git(&inside, &["status", "--porcelain"]), "");
    assert_eq!(git(&inside, &["rev-list", "--count", "--all"]), "1");
    let names = |report: &Report| rules_of(report).iter().filter(|r| r.contains("git-")).count();
    assert_eq!(names(&scanner().scan("a.zip", &zip.bytes)), 0);
}

#[test]
fn a_fixed_archive_names_no_owner() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o755);
    header.set_username("anna").expect("a name");
    builder.append_data(&mut header, "run.sh", b"x\n".as_slice()).expect("an entry");
    let tar = builder.into_inner().expect("an archive");
    let mut gzip = flate2::GzBuilder::new()
        .filename("anna.tar")
        .write(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &tar).expect("compressed");
    let packed = gzip.finish().expect("an end");
    assert!(!of(&scanner().scan("a.tar.gz", &packed), "metadata.archive-owner").is_empty());
    let fixed = fix("a.tar.gz", &packed, Limits::default()).expect("a copy");
    let report = scanner().scan("a.tar.gz", &fixed.bytes);
    assert_eq!(rules_of(&report), Vec::<&str>::new());
    assert_eq!(fixed.removed.len(), 2);
}

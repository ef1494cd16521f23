//! The catalogue, read from small texts made here and from the files of the repository.

use std::{collections::BTreeMap, fs, path::Path};

use super::*;

const CATALOGUE: &str = r#"
[[text]]
set = "effort"
version = "1.0"
locale = "en"
file = "clauses/en/effort.md"
clauses = ["time", "job"]
"#;

const TEXT: &str = "---\nset: effort\nversion: \"1.0\"\nlocale: en\neffective: 2026-01-01\n---\n\n\
                    # Effort\n\n## 1. The time {#time}\n\nWords.\n\n### Aside\n\n\
                    ## 2. On the job {#job}\n\nMore words.\n";

fn parse(catalogue: &str, text: &str) -> Result<ClauseCatalogue, CatalogueError> {
    ClauseCatalogue::parse(&[
        (CATALOGUE_PATH, catalogue.as_bytes()),
        ("clauses/en/effort.md", text.as_bytes()),
    ])
}

fn text_error(text: &str) -> TextError {
    match parse(CATALOGUE, text) {
        Err(CatalogueError::Text { entry: 0, error }) => error,
        other => panic!("{text}: {other:?}"),
    }
}

fn reference(catalogue: &ClauseCatalogue) -> ClauseReference<'static> {
    let text_sha256 = *catalogue.texts()[0].sha256();
    ClauseReference { set: "effort", version: "1.0", locale: "en", text_sha256 }
}

#[test]
fn a_text_is_found_by_its_name_and_pinned_by_its_bytes() {
    let catalogue = parse(CATALOGUE, TEXT).unwrap();
    let text = catalogue.get("effort", "1.0", "en").unwrap();
    assert_eq!(text.clauses(), ["time", "job"]);
    assert_eq!(text.content(), TEXT);
    assert_eq!(text.effective(), "2026-01-01");
    let other = parse(CATALOGUE, &TEXT.replace("Words.", "Words!")).unwrap();
    assert_ne!(other.texts()[0].sha256(), text.sha256());
    for (set, version, locale) in
        [("own-work", "1.0", "en"), ("effort", "1.1", "en"), ("effort", "1.0", "de")]
    {
        assert!(catalogue.get(set, version, locale).is_none());
    }
}

#[test]
fn the_last_text_listed_is_the_current_one() {
    let second = CATALOGUE.replace("1.0", "1.1").replace("effort.md", "effort-1.1.md");
    let both = format!("{CATALOGUE}{second}");
    let newer = TEXT.replace("1.0", "1.1");
    let catalogue = ClauseCatalogue::parse(&[
        (CATALOGUE_PATH, both.as_bytes()),
        ("clauses/en/effort-1.1.md", newer.as_bytes()),
        ("clauses/en/effort.md", TEXT.as_bytes()),
        ("takedown.toml", b"not read here"),
    ])
    .unwrap();
    assert_eq!(catalogue.current("effort", "en").unwrap().version(), "1.1");
    assert_eq!(catalogue.get("effort", "1.0", "en").unwrap().version(), "1.0");
    assert!(catalogue.current("effort", "fr").is_none());
}

#[test]
fn catalogue_faults_are_named() {
    let fault = |catalogue: &str| parse(catalogue, TEXT).unwrap_err();
    assert_eq!(ClauseCatalogue::parse(&[]).unwrap_err(), CatalogueError::Missing);
    assert_eq!(fault("text = []"), CatalogueError::Count { found: 0, limit: MAX_TEXTS });
    assert_eq!(fault(&format!("{CATALOGUE}extra = 1")), CatalogueError::Toml { line: 8 });
    assert!(matches!(fault("[[text]]\nset = "), CatalogueError::Toml { line: 2 }));
    assert_eq!(fault(&CATALOGUE.repeat(2)), CatalogueError::Repeated { entry: 1 });
    let missing = CATALOGUE.replace("effort.md", "absent.md");
    assert_eq!(fault(&missing), CatalogueError::FileMissing { entry: 0 });
    let (found, limit) = (MAX_FILE_BYTES + 1, MAX_FILE_BYTES);
    assert_eq!(fault(&"#".repeat(found)), CatalogueError::TooLarge { found, limit });
    let torn: [(&str, &[u8]); 1] = [(CATALOGUE_PATH, b"# \xff")];
    let verdict = ClauseCatalogue::parse(&torn).unwrap_err();
    assert_eq!(verdict, CatalogueError::NotUtf8 { valid_up_to: 2 });
}

#[test]
fn text_faults_are_named() {
    assert_eq!(text_error("# Effort\n"), TextError::NoFrontMatter);
    assert_eq!(text_error(&TEXT.replace("\n---\n", "\n")), TextError::NoFrontMatter);
    for (key, line) in [
        ("set", "set: effort\n"),
        ("version", "version: \"1.0\"\n"),
        ("locale", "locale: en\n"),
        ("effective", "effective: 2026-01-01\n"),
    ] {
        assert_eq!(text_error(&TEXT.replace(line, "")), TextError::FrontMatter { key });
        let twice = TEXT.replace(line, &line.repeat(2));
        assert_eq!(text_error(&twice), TextError::FrontMatter { key });
        let (name, _) = line.split_once(' ').unwrap();
        let other = TEXT.replace(line, &format!("{name} Ünlike\n"));
        assert_eq!(text_error(&other), TextError::FrontMatter { key });
    }
    let other = TEXT.replace("set: effort", "set: own-work");
    assert_eq!(text_error(&other), TextError::OtherThanCatalogue { key: "set" });
    for heading in
        ["## The time", "## 2. The time {#time}", "##1. The time {#time}", "## 1. {#time}"]
    {
        let text = TEXT.replace("## 1. The time {#time}", heading);
        assert_eq!(text_error(&text), TextError::Heading { line: 10, number: 1 }, "{heading}");
    }
    let twice = TEXT.replace("{#job}", "{#time}");
    assert_eq!(text_error(&twice), TextError::Repeated { line: 16 });
    let renamed = TEXT.replace("{#job}", "{#jobs}");
    let differs = TextError::ClausesDiffer { found: 2, listed: 2, position: 1 };
    assert_eq!(text_error(&renamed), differs);
    let dropped = TEXT.split("## 2.").next().unwrap();
    let differs = TextError::ClausesDiffer { found: 1, listed: 2, position: 1 };
    assert_eq!(text_error(dropped), differs);
    let many: String = (1..=65).map(|n| format!("## {n}. Clause {{#c{n}}}\n")).collect();
    let text = format!("{}\n---\n{many}", TEXT.split("\n---\n").next().unwrap());
    assert_eq!(text_error(&text), TextError::TooManyClauses { limit: 64 });
}

#[test]
fn answers_fit_when_every_clause_has_exactly_one() {
    let catalogue = parse(CATALOGUE, TEXT).unwrap();
    let reference = reference(&catalogue);
    let verdict =
        |answered: &[&'static str]| catalogue.check(&reference, answered.to_vec()).map(|_| ());
    assert_eq!(verdict(&["time", "job"]), Ok(()));
    assert_eq!(verdict(&["job", "time"]), Ok(()));
    assert_eq!(verdict(&["job"]), Err(ClauseError::Unanswered { position: 0 }));
    assert_eq!(verdict(&["time"]), Err(ClauseError::Unanswered { position: 1 }));
    assert_eq!(verdict(&[]), Err(ClauseError::Unanswered { position: 0 }));
    let unknown = verdict(&["time", "pay", "job"]);
    assert_eq!(unknown, Err(ClauseError::UnknownClause { position: 1 }));
    let twice = verdict(&["time", "job", "time"]);
    assert_eq!(twice, Err(ClauseError::AnsweredTwice { position: 2 }));
}

#[test]
fn another_text_than_the_one_shown_is_refused() {
    let catalogue = parse(CATALOGUE, TEXT).unwrap();
    let good = reference(&catalogue);
    let found = [7; 32];
    let verdict = catalogue.check(&ClauseReference { text_sha256: found, ..good }, []);
    let required = *catalogue.texts()[0].sha256();
    assert_eq!(verdict.unwrap_err(), ClauseError::WrongDigest { found, required });
    for other in [
        ClauseReference { set: "own-work", ..good },
        ClauseReference { version: "2.0", ..good },
        ClauseReference { locale: "de", ..good },
    ] {
        assert_eq!(catalogue.check(&other, []).unwrap_err(), ClauseError::UnknownText);
    }
}

/// The files under the repository's `policies/`, by path below it.
fn repository_files() -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files = BTreeMap::new();
    walk(&root, &root, &mut files);
    files
}

#[test]
fn the_texts_of_the_repository_are_in_order() {
    let files = repository_files();
    let borrowed: Vec<_> = files.iter().map(|(path, c)| (path.as_str(), c.as_slice())).collect();
    let catalogue = ClauseCatalogue::parse(&borrowed).unwrap();
    for set in [
        "manifest",
        "own-work",
        "nda-check",
        "redaction-check",
        "task-authority",
        "effort",
        "withdrawal",
        "review",
        "key-approval",
    ] {
        let text = catalogue.current(set, "en").unwrap();
        assert!(text.clauses().len() >= 4, "{set}");
        assert!(text.content().contains("This is a template."), "{set}");
    }
    for notice in ["e-sign", "dtsa-notice"] {
        assert!(catalogue.current(notice, "en").unwrap().clauses().is_empty(), "{notice}");
    }
    let own_work = catalogue.current("own-work", "en").unwrap();
    for purpose in ["consent-training", "consent-evaluation", "consent-redistribution"] {
        assert!(own_work.clauses().iter().any(|clause| clause == purpose), "{purpose}");
    }
    let listed = catalogue.texts().len();
    let present =
        files.keys().filter(|path| path.starts_with("clauses/") && path.ends_with(".md")).count();
    assert_eq!(listed, present, "every text on disk is in the catalogue");
}

#[test]
fn a_text_is_found_by_its_digest() {
    let catalogue = parse(CATALOGUE, TEXT).unwrap();
    let text = &catalogue.texts()[0];
    assert_eq!(catalogue.by_digest(text.sha256()), Some(text));
    assert_eq!(catalogue.by_digest(&[0; 32]), None);
}

#[test]
fn what_was_signed_must_stay_as_it_was() {
    let before = parse(CATALOGUE, TEXT).unwrap();
    let required = *before.texts()[0].sha256();
    let second = CATALOGUE.replace("1.0", "1.1").replace("effort.md", "effort-1.1.md");
    let newer = TEXT.replace("1.0", "1.1");
    let grown = ClauseCatalogue::parse(&[
        (CATALOGUE_PATH, format!("{CATALOGUE}{second}").as_bytes()),
        ("clauses/en/effort-1.1.md", newer.as_bytes()),
        ("clauses/en/effort.md", TEXT.as_bytes()),
    ])
    .unwrap();
    assert_eq!(grown.continues(&before), Ok(()));
    let (set, version, locale) = ("effort".into(), "1.1".into(), "en".into());
    let gone = HistoryError::Gone { set, version, locale, required: *grown.texts()[1].sha256() };
    assert_eq!(before.continues(&grown), Err(gone));
    let edited = parse(CATALOGUE, &TEXT.replace("Words.", "Words!")).unwrap();
    let (set, version, locale) = ("effort".into(), "1.0".into(), "en".into());
    let found = *edited.texts()[0].sha256();
    let changed = HistoryError::Changed { set, version, locale, found, required };
    assert_eq!(edited.continues(&before), Err(changed));
}

#[test]
fn faults_are_shown_in_the_file_that_has_them() {
    let place = |catalogue: &str, text: &str| {
        let files =
            [(CATALOGUE_PATH, catalogue.as_bytes()), ("clauses/en/effort.md", text.as_bytes())];
        let error = ClauseCatalogue::parse(&files).unwrap_err();
        error.place(&files).map(|place| place.to_string())
    };
    let at = |place: &str| Some(place.to_owned());
    let in_text = |line: usize| Some(format!("clauses/en/effort.md:{line}:1"));
    assert_eq!(place("text = []", TEXT), None);
    assert_eq!(place("[[text]]\nset = ", TEXT), at("clauses/catalogue.toml:2:1"));
    assert_eq!(place(&CATALOGUE.repeat(2), TEXT), at("clauses/catalogue.toml:9:1"));
    let absent = CATALOGUE.replace("effort.md", "absent.md");
    assert_eq!(place(&absent, TEXT), at("clauses/catalogue.toml:2:1"));
    assert_eq!(place(CATALOGUE, "# Effort\n"), in_text(1));
    assert_eq!(place(CATALOGUE, &TEXT.replace("locale: en", "locale: de")), in_text(4));
    assert_eq!(place(CATALOGUE, &TEXT.replace("{#time}", "{#Time}")), in_text(10));
    assert_eq!(place(CATALOGUE, &TEXT.replace("{#job}", "{#task}")), in_text(16));
    let torn: [(&str, &[u8]); 1] = [(CATALOGUE_PATH, b"# ok\n# \xff")];
    let error = ClauseCatalogue::parse(&torn).unwrap_err();
    assert_eq!(error.place(&torn).map(|place| place.to_string()), at("clauses/catalogue.toml:2:3"));
    assert_eq!(ClauseCatalogue::parse(&[]).unwrap_err().place(&[]), None);
}

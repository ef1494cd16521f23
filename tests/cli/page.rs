//! `verify.html` in a browser, opened from disk: what it finds in packs that are whole, changed or
//! hostile.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use attestry::export::verifier;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    browser::Browser,
    export::{cleared, export, files, pack},
    support::DONE,
};

pub type Files = BTreeMap<String, Vec<u8>>;

/// The page in a browser, on disk beside the packs that it is given.
pub struct Page {
    pub browser: Browser,
    directory: TempDir,
    given: usize,
}

/// What it says.
#[derive(Debug)]
pub struct Said {
    pub verdict: String,
    pub words: String,
    pub shown: String,
}

impl Page {
    pub fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("verify.html");
        fs::write(&path, verifier::page()).unwrap();
        let browser = Browser::start();
        let page = Self { browser, directory, given: 0 };
        page.browser.open(&page.address());
        page.browser.wait("return document.documentElement.dataset.ready === 'yes'");
        page
    }

    fn address(&self) -> String {
        format!("file://{}", self.directory.path().join("verify.html").display())
    }

    pub fn trust(&self, file: &str) {
        let script = "return document.getElementById('trust-text').value";
        let before = self.browser.text(script);
        self.browser.choose("#trust-file", Path::new(file));
        self.browser.wait(&format!("{script} !== {}", json!(before)));
    }

    /// Trusts what is pasted.
    fn paste(&self, text: &str) {
        let script = format!(
            "const field = document.getElementById('trust-text'); field.value = {};\
             field.dispatchEvent(new Event('change')); return true",
            json!(text)
        );
        self.browser.run(&script);
    }

    /// Gives it these bytes; answers with what it says at the end.
    pub fn judge(&mut self, bytes: &[u8]) -> Said {
        self.given += 1;
        let name = format!("{}.zip", self.given);
        let path = self.directory.path().join(&name);
        fs::write(&path, bytes).unwrap();
        self.browser.choose("#pack-file", &path);
        self.said(&name)
    }

    fn said(&self, name: &str) -> Said {
        let kind = "document.getElementById('verdict').dataset.verdict";
        self.browser.wait(&format!(
            "return document.getElementById('pack-name').textContent === '{name}'\
             && document.getElementById('progress').hidden\
             && {kind} !== undefined && {kind} !== 'running'"
        ));
        let text = |id: &str| {
            self.browser.text(&format!("return document.getElementById('{id}').textContent"))
        };
        let verdict = self.browser.text(&format!("return {kind}"));
        Said { verdict, words: text("verdict"), shown: text("found") }
    }

    pub fn judge_files(&mut self, files: &Files) -> Said {
        let path = self.directory.path().join("given");
        pack(&path, files);
        self.judge(&fs::read(&path).unwrap())
    }

    /// Nothing but the page itself was asked for, and the browser has nothing to complain of.
    pub fn was_quiet(&self) {
        let address = self.address();
        let elsewhere: Vec<String> = self
            .browser
            .requests()
            .into_iter()
            .filter(|url| *url != address && !url.starts_with("data:"))
            .collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        let loaded = "return performance.getEntriesByType('resource').map(it => it.name)";
        assert_eq!(self.browser.run(loaded), json!([]));
        assert_eq!(self.browser.log("browser"), Vec::<Value>::new());
    }

    /// Nothing is wider than a narrow screen.
    fn fits_a_phone(&self) {
        self.browser.picture(360, false);
        let wide = "return document.documentElement.scrollWidth";
        assert_eq!(self.browser.run(wide), json!(360));
    }

    /// Keeps pictures of it where somebody wants to look at them.
    pub fn pictures(&self, name: &str) {
        let Some(folder) = std::env::var_os("ATTESTRY_PICTURES").map(PathBuf::from) else { return };
        for width in [360, 768, 1440] {
            for (scheme, dark) in [("light", false), ("dark", true)] {
                let picture = self.browser.picture(width, dark);
                fs::write(folder.join(format!("{name}-{width}-{scheme}.png")), picture).unwrap();
            }
        }
    }
}

impl Said {
    #[track_caller]
    pub fn verified(self) -> Self {
        assert_eq!(self.verdict, "verified", "{self:?}");
        self
    }

    #[track_caller]
    pub fn refused(&self, why: &str) {
        assert_eq!(self.verdict, "failed", "{why}: {self:?}");
        assert!(self.words.contains(why), "{why}: {self:?}");
    }

    #[track_caller]
    pub fn shows(&self, words: &str) {
        assert!(self.shown.contains(words), "{words}: {self:?}");
    }
}

/// The page's verdict on a pack, under a trust file.
pub fn judged(pack: &str, trust: &str) -> Said {
    let mut page = Page::open();
    page.trust(trust);
    let said = page.judge(&fs::read(pack).unwrap()).verified();
    page.pictures("erased");
    page.was_quiet();
    said
}

#[test]
fn packs_are_verified_from_disk_without_a_network() {
    let (scene, id) = cleared();
    let trust = scene.trust();
    let read = |name: &str, more: &[&str]| fs::read(export(&scene, &id, name, more)).unwrap();
    let whole = read("whole.zip", &["--natives"]);
    let inside = files(&scene.at("whole.zip"));
    assert_eq!(inside["verify.html"], verifier::page().as_bytes());
    let of = |path: &str| serde_json::from_slice::<Value>(&inside[path]).unwrap();
    let mut page = Page::open();

    let said = page.judge(&whole);
    assert_eq!(said.verdict, "unconfirmed", "{said:?}");
    page.trust(&trust);
    page.said("1.zip").verified();
    let said = page.judge(&whole).verified();
    said.shows("The files are in the pack and are those of the list.");
    said.shows("Nothing was withheld or erased.");
    said.shows("Clearance decisions were not made again");
    let drawn = "return document.querySelectorAll('#found svg.custody .mark').length";
    let events = of("custody.json")["events"].as_array().unwrap().len();
    assert_eq!(page.browser.run(drawn), json!(events));
    page.browser.run("document.querySelectorAll('#found details').forEach(it => it.open = true)");
    let statements = inside.keys().filter(|path| path.starts_with("statements/")).count();
    let paths =
        format!("return document.querySelectorAll('#found svg.path').length === {statements}");
    page.browser.wait(&paths);
    let root = of("pack.json")["root"].as_str().unwrap().to_owned();
    let tops = "return [...document.querySelectorAll('#found svg.path .root title')]\
                .map(it => it.textContent).filter((it, at, all) => all.indexOf(it) === at)";
    assert_eq!(page.browser.run(tops), json!([root]));
    page.browser.run(
        "delete document.getElementById('verdict').dataset.verdict;\
         const dropped = new DataTransfer();\
         dropped.items.add(document.getElementById('trust-file').files[0]);\
         dropped.items.add(document.getElementById('pack-file').files[0]);\
         document.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped }));",
    );
    page.said("2.zip").verified();
    page.fits_a_phone();
    page.pictures("whole");

    page.judge(&read("without.zip", &[]))
        .verified()
        .shows("The files themselves are not in the pack.");
    let redacted = page.judge(&read("public.zip", &["--redact-for", "public"])).verified();
    redacted.shows("withheld: the pack was made for public");
    page.pictures("redacted");
    let key = fs::read_to_string(&trust).unwrap();
    let key = key.split_whitespace().nth(1).unwrap();
    page.paste(key);
    page.judge(&whole).verified();
    page.paste("log nonsense");
    page.judge(&whole).refused("cannot be used");
    page.was_quiet();
}

#[test]
fn what_people_write_stays_text() {
    let scene = crate::review::reviewed_program();
    scene.join("pilot", "legal", "lena");
    let file = "\"><img src=x onerror=\"document.title='owned'\">.txt";
    fs::write(scene.path("request").join(file), "Harmless.").unwrap();
    let id = scene.submission_of("cara");
    let matter = "<script>document.title='owned'</script>";
    let hold = ["hold", "place", "--program", "pilot", "--submission", &id, "--yes"];
    let because = ["--matter", matter, "--authority", "<svg onload=alert(1)>"];
    scene.run("lena", &[&hold[..], &because].concat()).exits(DONE);
    let made = export(&scene, &id, "hostile.zip", &["--natives"]);
    let mut page = Page::open();
    page.trust(&scene.trust());
    let title = page.browser.text("return document.title");
    let nothing_ran = |page: &Page| {
        assert_eq!(page.browser.text("return document.title"), title);
        let made = "return document.querySelectorAll('#result img, #result script').length";
        assert_eq!(page.browser.run(made), json!(0));
    };
    let said = page.judge(&fs::read(&made).unwrap()).verified();
    said.shows(file);
    said.shows(matter);
    nothing_ran(&page);
    let mut more = files(&made);
    more.insert(file.into(), b"more".to_vec());
    page.judge_files(&more).refused(&format!("{file} is not in the index"));
    nothing_ran(&page);
    page.was_quiet();
}

#[test]
fn the_published_digest_is_that_of_the_page() {
    let published = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/VERIFY.md"));
    let digest = attestry_proof::hash::Hash::of(verifier::page().as_bytes());
    let row = format!("| `verify.html` of this version | `{digest}` |");
    assert!(published.contains(&row), "docs/VERIFY.md should have: {row}");
}

//! A service with an administrator and a contractor, and a piece of work to submit.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::support::{DONE, Run, Service, attestry, text};

/// Answers that fit any files.
pub const ANSWERS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/01-board-memo/answers.toml");

pub struct Scene {
    pub directory: TempDir,
    pub service: Service,
    settings: Vec<String>,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A service with more settings.
    pub fn with(settings: &[&str]) -> Self {
        // What the service searches by itself would come between other statements.
        Self::scanning(&[&["--no-scan"], settings].concat())
    }

    /// One that searches what it receives.
    pub fn scanning(settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let service = Service::start_with(&directory.path().join("log"), settings);
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let scene = Self { directory, service, settings };
        let link = scene.service.announced()["admin_link"].as_str().unwrap().to_owned();
        scene.enroll("admin", &link);
        let link = scene.invite(&["contractor"]);
        scene.enroll("me", &link);
        fs::create_dir(scene.path("request")).unwrap();
        fs::write(scene.path("request/mail.txt"), "Please write the memo.\n").unwrap();
        scene.repository();
        scene
    }

    /// The same log after `kill -9`.
    pub fn restarted(self) -> Self {
        self.restarted_after(|_| {})
    }

    /// The same log after `kill -9` and a change to its data directory.
    pub fn restarted_after(self, change: impl FnOnce(&Path)) -> Self {
        let Self { directory, service, settings } = self;
        let data = service.data.clone();
        service.kill();
        change(&data);
        let more: Vec<&str> = settings.iter().map(String::as_str).collect();
        Self { directory, service: Service::start_with(&data, &more), settings }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The same as text, for arguments.
    pub fn at(&self, name: &str) -> String {
        text(&self.path(name)).to_owned()
    }

    pub fn key(&self, member: &str) -> String {
        self.at(&format!("{member}.pem"))
    }

    pub fn url(&self) -> String {
        self.service.url().to_owned()
    }

    /// Makes a key and enrols it.
    pub fn enroll(&self, member: &str, link: &str) {
        let key = self.key(member);
        attestry(&["key", "new", "--out", &key]).exits(DONE);
        attestry(&["enroll", link, "--key", &key]).exits(DONE);
    }

    /// An invitation's link.
    pub fn invite(&self, roles: &[&str]) -> String {
        let (url, key) = (self.url(), self.key("admin"));
        let mut arguments = vec!["--json", "invite", "--server", &url, "--key", &key];
        for role in roles {
            arguments.extend(["--role", role]);
        }
        attestry(&arguments).exits(DONE).json()["link"].as_str().unwrap().to_owned()
    }

    /// An invitation's link, for somebody by name. The address follows from the name.
    pub fn invite_person(&self, program: &str, role: &str, name: &str) -> String {
        let email = format!("{name}@example.org");
        let person = ["--program", program, "--role", role, "--name", name, "--email", &email];
        let invited = self.run("admin", &[&["invite"], &person[..]].concat()).exits(DONE).json();
        invited["link"].as_str().unwrap().to_owned()
    }

    /// Makes a key for somebody of this name and enrols it.
    pub fn join(&self, program: &str, role: &str, name: &str) {
        self.enroll(name, &self.invite_person(program, role, name));
    }

    /// Opens a program.
    pub fn open(&self, program: &str, clearance: &str) {
        self.run("admin", &["program", "open", program, "--clearance", clearance]).exits(DONE);
    }

    /// Runs a command as a member, with JSON for an answer.
    pub fn run(&self, member: &str, command: &[&str]) -> Run {
        let (url, key) = (self.url(), self.key(member));
        attestry(&[&["--json"], command, &["--server", &url, "--key", &key]].concat())
    }

    /// Thumbprint of a member's key.
    pub fn thumbprint(&self, member: &str) -> String {
        let shown = attestry(&["--json", "key", "show", &self.key(member)]).exits(DONE).json();
        shown["thumbprint"].as_str().unwrap().to_owned()
    }

    /// A deliverable that is a git repository with one commit.
    fn repository(&self) {
        let folder = self.path("work");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();
        fs::write(folder.join("large.bin"), vec![7; 200_000]).unwrap();
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
            let mut command = Command::new("git");
            command.arg("-C").arg(&folder).args(identity).args(arguments);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "first"]);
    }

    /// Submits the work as `me`, to `url`, into `out`, with more arguments.
    pub fn submit(&self, url: &str, out: &str, more: &[&str]) -> Run {
        self.submit_as("me", url, out, more)
    }

    /// Submits the work as a member; answers with its id.
    pub fn submission_of(&self, member: &str) -> String {
        let submitted = self.submit_as(member, &self.url(), member, &["--yes", "--json"]);
        submitted.exits(DONE).json()["submission"].as_str().unwrap().to_owned()
    }

    /// States everything anew about a submission, into another directory.
    pub fn amend(&self, member: &str, submission: &str, out: &str) -> Run {
        let more = ["--amend", submission, "--yes", "--json"];
        self.submit_as(member, &self.url(), out, &more)
    }

    fn submit_as(&self, member: &str, url: &str, out: &str, more: &[&str]) -> Run {
        let (key, request, work, out) =
            (self.key(member), self.at("request"), self.at("work"), self.at(out));
        let mut arguments = vec!["submit", "--server", url, "--key", &key, "--answers", ANSWERS];
        arguments.extend(["--request", &request, "--deliverable", &work, "--out", &out]);
        // A file of equal bytes is nothing that anybody can read.
        if !more.contains(&"--unread-because") {
            arguments.extend(["--unread-because", "Made for this test, of equal bytes."]);
        }
        arguments.extend(more);
        attestry(&arguments)
    }

    /// Submits the work; answers with what was printed.
    pub fn submitted(&self, out: &str) -> Value {
        self.submit(&self.url(), out, &["--yes", "--json"]).exits(DONE).json()
    }

    /// The log's trust policy, fetched with the right fingerprint.
    pub fn trust(&self) -> String {
        let file = self.at("trust.policy");
        let (url, fingerprint) = (self.url(), self.service.fingerprint());
        attestry(&["trust", &url, "--out", &file, "--fingerprint", &fingerprint]).exits(DONE);
        file
    }

    /// Statements about a submission, as `me` sees them.
    pub fn custody(&self, submission: &str) -> Value {
        let (url, key) = (self.url(), self.key("me"));
        let arguments = ["--json", "custody", submission, "--server", &url, "--key", &key];
        attestry(&arguments).exits(DONE).json()
    }

    /// What anybody gets at a path.
    pub fn get(&self, path: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("{}{path}", self.url());
        runtime.block_on(async { reqwest::get(url).await.unwrap().text().await }).unwrap()
    }

    /// The same, as JSON.
    pub fn get_json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path)).unwrap()
    }

    /// Entries in the log.
    pub fn entries(&self) -> u64 {
        self.get_json("/health")["entries"].as_u64().unwrap()
    }
}

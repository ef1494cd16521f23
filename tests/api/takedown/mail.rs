//! Letters about cases, by way of a real mail server.

use attestry::service::outbox::{GIVE_UP_AFTER_S, Round};
use serde_json::{Value, json};
use uuid::Uuid;

use super::notices::notice;
use crate::{
    clock::{self, wait},
    support::{MailServer, Member, Server, Step, Work, case_approval, courier, courier_with},
};

const QUESTION: &str = "Who are you, and which text do you mean?";
const REASONS: &str = "It is about you, and you may ask for it.";

/// A service that does nothing by itself, and an officer of `operations`.
struct Desk {
    server: Server,
    officer: Member,
    second: Member,
}

impl Desk {
    async fn new() -> Self {
        let server = clock::start().await;
        let officer = server.person_in("operations", &["legal"], "op1@example.org").await;
        let second = server.person_in("operations", &["legal"], "op2@example.org").await;
        Self { server, officer, second }
    }

    /// Sends a notice in which the fields given are these; answers with the case and its link.
    async fn noticed(&self, fields: &[(&str, &str)]) -> (Uuid, String) {
        let mut notice = notice(&self.server, "gdpr-erasure");
        for (name, value) in fields {
            notice["fields"][*name] = json!(value);
        }
        let sent = self.server.post("/api/v1/notices").json(&notice).send().await;
        let sent = sent.status(201).json();
        self.server.service.catch_up().await.unwrap();
        let text = |name: &str| sent[name].as_str().unwrap().to_owned();
        (text("case").parse().unwrap(), text("link"))
    }

    async fn messages(&self, case: Uuid) -> Vec<Value> {
        let path = format!("/api/v1/cases/{case}/messages");
        let listed = self.server.get(path).by(&self.officer).send().await.status(200).json();
        listed.as_array().unwrap().clone()
    }

    async fn only_message(&self, case: Uuid) -> Value {
        let messages = self.messages(case).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages[0].clone()
    }

    /// Whether anything under the data directory has these bytes.
    fn is_on_disk(&self, text: &str) -> bool {
        let files = walkdir::WalkDir::new(self.server.directory.path()).into_iter();
        files.filter_map(Result::ok).filter(|it| it.file_type().is_file()).any(|file| {
            let bytes = std::fs::read(file.path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }
}

#[tokio::test]
async fn whoever_sent_a_notice_is_told_what_becomes_of_it() {
    let desk = Desk::new().await;
    let Desk { server, officer, second } = &desk;
    let owner = server.person(&["contractor"], "owner@example.org").await;
    let work = Work::attested(server, &owner).await;
    let (case, link) = desk.noticed(&[("claimant", "Zephyrine Q.")]).await;
    let mut post = MailServer::start().await;
    let mut courier = courier(post.port);
    let address = "zephyrine@example.org";
    let mut letters: Vec<Value> = Vec::new();
    let mut written = async |expected: &str| {
        let round = server.service.send_due(Some(&mut courier)).await.unwrap();
        assert_eq!(round, Round::Done);
        let letter = post.message_to(address).await;
        assert!(letter["headers"]["subject"].as_str().unwrap().contains(expected), "{letter}");
        letters.push(letter.clone());
        letter["body"].as_str().unwrap().to_owned()
    };

    let body = written("received").await;
    assert!(body.contains(&link) && body.contains(&case.to_string()), "{body}");
    let asks = Step::new("needs-info", "identity-unclear").because(QUESTION);
    server.step(officer, case, &asks).await;
    let body = written("question").await;
    assert!(body.contains(QUESTION) && body.contains(&link), "{body}");
    let answered = Step::new("acknowledged", "information-received").because("They wrote.");
    server.step(officer, case, &answered).await;
    let list = server.case_list(officer, case, &[work.id.to_string()]).await;
    let triaged = Step::new("triaged", "content-identified").concerns(list);
    server.step(officer, case, &triaged).await;
    server.step(officer, case, &Step::new("quarantined", "content-locked")).await;
    server.step(officer, case, &Step::new("reviewing", "review-begun")).await;
    server.step(officer, case, &Step::new("upheld", "erasure-due").because(REASONS)).await;
    let body = written("Decision").await;
    assert!(body.contains(REASONS) && body.contains(&link), "{body}");
    let shown = server.case(second, case).await;
    server.send(&case_approval(server, second, &shown), second).await.status(201);
    server.step(officer, case, &Step::new("remediating", "erasure-approved")).await;
    server.service.catch_up().await.unwrap();
    server.service.catch_up().await.unwrap();
    let body = written("closed").await;
    assert!(body.contains(&link), "{body}");

    let told = desk.messages(case).await;
    let occasions: Vec<&str> = told.iter().map(|it| it["occasion"].as_str().unwrap()).collect();
    assert_eq!(occasions, ["acknowledged", "needs-info", "upheld", "closed"]);
    assert!(told.iter().all(|it| it["state"] == "sent" && it["problem"] == Value::Null));
    for letter in &letters {
        assert_eq!(letter["headers"]["to"], format!("\"Zephyrine Q.\" <{address}>"), "{letter}");
        assert_eq!(letter["headers"]["auto-submitted"], "auto-generated");
        // Nobody is told which submission, or what is in it.
        assert!(!letter.to_string().contains(&work.id.to_string()), "{letter}");
    }
    assert!(server.service.ledger().outbox().case_link(case).await.unwrap().is_none());
    for secret in [address, &link, QUESTION] {
        assert!(!desk.is_on_disk(secret), "{secret} is sealed, or gone");
    }
    let path = format!("/api/v1/cases/{case}/messages");
    server.get(path).by(&owner).send().await.status(404);
    post.stop().await;
}

#[tokio::test]
async fn refused_for_now_is_tried_again_and_refused_for_good_is_not() {
    let desk = Desk::new().await;
    let service = &desk.server.service;
    let (later, _) = desk.noticed(&[("contact-email", "later@example.org")]).await;
    let (never, _) = desk.noticed(&[("contact-email", "never@example.org")]).await;
    let (odd, _) = desk.noticed(&[("contact-email", "a@b>,<victim@example.org")]).await;
    let (good, _) = desk.noticed(&[]).await;
    let mut post = MailServer::start().await;
    let mut courier = courier(post.port);
    assert_eq!(service.send_due(Some(&mut courier)).await.unwrap(), Round::Done);
    let mut recipients: Vec<String> = Vec::new();
    for _ in 0..4 {
        let next = post.next().await;
        recipients.extend(next["rcpt"].as_str().map(str::to_owned));
    }
    recipients.sort();
    let expected = ["later@example.org", "never@example.org", "zephyrine@example.org"];
    assert_eq!(recipients, expected, "each once, and nobody else");
    for (case, state, problem) in [
        (later, "due", "the server answered 451"),
        (never, "failed", "the server answered 550"),
        (odd, "failed", "the address cannot be written to"),
        (good, "sent", ""),
    ] {
        let message = desk.only_message(case).await;
        assert_eq!(message["state"], state, "{message}");
        assert_eq!(message["attempts"], 1);
        assert_eq!(message["problem"].as_str().unwrap_or_default(), problem, "{message}");
    }
    post.stop().await;

    // Within the wait nothing is tried; after it, once more; in the end it is given up.
    let mut post = MailServer::start().await;
    let mut courier = self::courier(post.port);
    service.send_due(Some(&mut courier)).await.unwrap();
    assert_eq!(desk.only_message(later).await["attempts"], 1);
    wait(&desk.server, 61);
    service.send_due(Some(&mut courier)).await.unwrap();
    assert_eq!(post.next().await["rcpt"], "later@example.org");
    assert_eq!(desk.only_message(later).await["attempts"], 2);
    wait(&desk.server, GIVE_UP_AFTER_S);
    service.send_due(Some(&mut courier)).await.unwrap();
    let message = desk.only_message(later).await;
    assert_eq!(message["state"], "failed", "{message}");
    assert_eq!(message["problem"], "given up: the server answered 451");
    post.stop().await;
}

#[tokio::test]
async fn a_server_that_is_down_loses_nothing() {
    let desk = Desk::new().await;
    let service = &desk.server.service;
    let post = MailServer::start().await;
    let port = post.port;
    post.stop().await;
    let mut courier = courier(port);
    let (first, _) = desk.noticed(&[("contact-email", "one@example.org")]).await;
    let (second, _) = desk.noticed(&[("contact-email", "two@example.org")]).await;
    assert_eq!(service.send_due(Some(&mut courier)).await.unwrap(), Round::NoServer);
    let attempts = async || {
        let (one, two) = (desk.only_message(first).await, desk.only_message(second).await);
        assert_eq!((&one["state"], &two["state"]), (&json!("due"), &json!("due")));
        let tried = if one["attempts"] == 1 { one } else { two };
        assert_eq!(tried["problem"], "no connection to the server");
    };
    attempts().await;
    // Without any server, messages wait.
    assert_eq!(service.send_due(None).await.unwrap(), Round::Done);
    attempts().await;
    wait(&desk.server, 61);
    let mut post = MailServer::with(port, &[]).await;
    assert_eq!(service.send_due(Some(&mut courier)).await.unwrap(), Round::Done);
    let mut subjects: Vec<String> = Vec::new();
    for _ in 0..2 {
        post.next().await;
        subjects.push(post.next().await["headers"]["subject"].as_str().unwrap().to_owned());
    }
    for case in [first, second] {
        assert!(subjects.iter().any(|it| it.contains(&case.to_string())), "{subjects:?}");
        assert_eq!(desk.only_message(case).await["state"], "sent");
    }
    assert_eq!(service.send_due(Some(&mut courier)).await.unwrap(), Round::Done);
    post.stop().await;
    let (third, _) = desk.noticed(&[]).await;
    wait(&desk.server, GIVE_UP_AFTER_S);
    service.send_due(None).await.unwrap();
    assert_eq!(desk.only_message(third).await["problem"], "given up: there is no mail server");
}

#[tokio::test]
async fn what_people_write_adds_no_header_and_no_recipient() {
    let desk = Desk::new().await;
    let hostile = "Ann\u{b}Bcc: all@example.org\u{85}\u{2028}\t\"x\" <victim@example.org>, Zoë";
    let (case, _) = desk.noticed(&[("claimant", hostile)]).await;
    let mut post = MailServer::start().await;
    let mut courier = courier(post.port);
    desk.server.service.send_due(Some(&mut courier)).await.unwrap();
    let question = "One.\n.\nMAIL FROM:<x@example.org>\n\nBcc: all@example.org\n{link}";
    let asks = Step::new("needs-info", "identity-unclear").because(question);
    let letter = post.message_to("zephyrine@example.org").await;
    let mut names: Vec<&str> =
        letter["names"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    names.sort_unstable();
    let expected = [
        "Auto-Submitted",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    assert_eq!(names, expected);
    assert!(letter["headers"]["to"].as_str().unwrap().ends_with("<zephyrine@example.org>"));
    desk.server.step(&desk.officer, case, &asks).await;
    desk.server.service.send_due(Some(&mut courier)).await.unwrap();
    let letter = post.message_to("zephyrine@example.org").await;
    let body = letter["body"].as_str().unwrap().replace("\r\n", "\n");
    assert!(body.contains(question), "all of it is text: {body}");
    post.stop().await;
}

#[tokio::test]
async fn a_protected_server_gets_names_and_passwords_only_under_tls() {
    let desk = Desk::new().await;
    let service = &desk.server.service;
    let (case, _) = desk.noticed(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut post = MailServer::with(0, &[path, "desk", "opensesame"]).await;
    let trust = format!("trust_file = \"{path}/cert.pem\"\n");
    let login = |name: &str| format!("username = \"{name}\"\npassword_file = \"secret\"\n");
    let starttls = "security = \"starttls\"\n";
    for (settings, problem) in [
        ("security = \"plain\"\n".to_owned(), "the server answered 530"),
        (format!("{starttls}{}", login("desk")), "no connection to the server"),
        (format!("{starttls}{trust}"), "the server answered 530"),
        (format!("{starttls}{trust}{}", login("nobody")), "the server answered 535"),
    ] {
        let mut courier = courier_with(post.port, &settings).unwrap();
        service.send_due(Some(&mut courier)).await.unwrap();
        let message = desk.only_message(case).await;
        assert_eq!(message["problem"], problem, "{settings}: {message}");
        assert_eq!(message["state"], "due", "the message is not at fault: {settings}");
        wait(&desk.server, 3_601);
    }
    let mut courier = courier_with(post.port, &format!("{starttls}{trust}{}", login("desk")));
    service.send_due(Some(courier.as_mut().unwrap())).await.unwrap();
    let letter = post.message_to("zephyrine@example.org").await;
    assert_eq!((&letter["tls"], &letter["login"]), (&json!(true), &json!("desk")));
    assert_eq!(desk.only_message(case).await["state"], "sent");
    post.stop().await;
    assert!(courier_with(1, &format!("{starttls}trust_file = \"secret\"\n")).is_err());
}

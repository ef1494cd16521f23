//! `attestry program`, and invitations by name.

use serde_json::{Value, json};

use crate::{
    review::{accept, reviewed_program},
    scene::Scene,
    support::{DONE, REFUSED, USAGE},
};

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap()
}

#[test]
fn programs_are_opened_by_operations_alone_and_shown_to_their_members() {
    let scene = Scene::new();
    let open = |by: &str, more: &[&str]| scene.run(by, &[&["program", "open"], more].concat());
    let terms = ["pilot", "--clearance", "reviewed", "--title", "Bridges", "--client", "A lab"];
    let opened = open("admin", &terms).exits(DONE).json();
    assert_eq!(opened["clearance_policy"], "reviewed");
    assert_eq!((&opened["title"], &opened["client"]), (&"Bridges".into(), &"A lab".into()));
    let taken = open("admin", &terms).exits(REFUSED).json();
    assert!(error(&taken).contains("pilot"), "{taken}");
    let lax = open("admin", &["other", "--clearance", "anything-goes"]).exits(REFUSED).json();
    assert!(error(&lax).contains("anything-goes"), "{lax}");
    open("admin", &["other", "--allowed-risk", "some"]).exits(REFUSED).json();
    let denied = open("me", &["mine"]).exits(REFUSED).json();
    assert!(error(&denied).contains("not allowed"), "{denied}");

    let list = |by: &str| scene.run(by, &["program", "list"]).exits(DONE).json();
    let named = |list: &Value| -> Vec<String> {
        let programs = list["programs"].as_array().unwrap();
        programs.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    scene.join("pilot", "reviewer", "rosa");
    assert_eq!(named(&list("rosa")), ["pilot"]);
    assert_eq!(list("rosa")["programs"][0]["title"], "Bridges");
    // Nobody sees what others collect, not even those who run the service.
    assert_eq!(named(&list("me")), ["main"]);
    assert_eq!(named(&list("admin")), ["operations"]);
}

#[test]
fn members_are_invited_by_name_and_shown_to_officers_alone() {
    let scene = Scene::new();
    let half = ["invite", "--role", "reviewer", "--name", "Rosa"];
    let half = scene.run("admin", &half).exits(USAGE).json();
    assert!(error(&half).contains("--email"), "{half}");
    scene.join("main", "reviewer", "rosa");
    scene.join("main", "legal", "lena");
    let members = |by: &str| scene.run(by, &["program", "members", "main"]);
    let listed = members("lena").exits(DONE).json();
    let of = |member: &str| {
        let key = scene.thumbprint(member);
        let members = listed["members"].as_array().unwrap().clone();
        members.into_iter().find(|it| it["key"]["thumbprint"] == key.as_str()).unwrap()
    };
    let rosa = of("rosa");
    assert_eq!((&rosa["name"], &rosa["email"]), (&"rosa".into(), &"rosa@example.org".into()));
    assert_eq!(of("me")["name"], json!(null), "nobody said who that is");
    for outsider in ["rosa", "me"] {
        let denied = members(outsider).exits(REFUSED).json();
        assert!(error(&denied).contains("not allowed"), "{denied}");
        assert!(!denied.to_string().contains("example.org"), "{denied}");
    }
    // One address is one person, and one person has one key in a program.
    let link = scene.invite_person("main", "reviewer", "rosa");
    let second = scene.key("second");
    crate::support::attestry(&["key", "new", "--out", &second]).exits(DONE);
    let refused = ["--json", "enroll", &link, "--key", &second];
    let refused = crate::support::attestry(&refused).exits(REFUSED).json();
    assert!(error(&refused).contains("valid key in the program"), "{refused}");
}

#[test]
fn the_work_list_shows_what_waits_and_what_became_of_it() {
    let scene = reviewed_program();
    let id = scene.submission_of("cara");
    let work = |by: &str, show: &str| scene.run(by, &["program", "work", "pilot", "--show", show]);
    let listed = |show: &str| -> Vec<Value> {
        let list = work("rosa", show).exits(DONE).json();
        list["submissions"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
    };
    assert_eq!(listed("waiting"), [json!(id)]);
    assert!(listed("cleared").is_empty() && listed("sent-back").is_empty());
    accept(&scene, "rosa", &id);
    assert!(listed("waiting").is_empty());
    assert_eq!((listed("cleared"), listed("all")), (vec![json!(id)], vec![json!(id)]));
    let odd = work("rosa", "odd").exits(REFUSED).json();
    assert!(error(&odd).contains("show is"), "{odd}");
    for outsider in ["cara", "me"] {
        let denied = work(outsider, "all").exits(REFUSED).json();
        assert!(error(&denied).contains("not allowed"), "{denied}");
    }
}

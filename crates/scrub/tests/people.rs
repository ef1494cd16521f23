//! People, organisations, places and addresses, and signs of what is not public.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::{Category, Report};
use support::{of, scanner};

fn scan(text: &str) -> Report {
    scanner().scan("text.txt", text.as_bytes())
}

fn shown<'t>(text: &'t str, report: &Report, rule: &str) -> Vec<&'t str> {
    let range = |finding: &attestry_scrub::Finding| {
        let bytes = finding.location.bytes?;
        text.get(usize::try_from(bytes.start).ok()?..usize::try_from(bytes.end).ok()?)
    };
    of(report, rule).into_iter().filter_map(range).collect()
}

#[test]
fn names_are_found_by_title_list_context_and_signature() {
    let text = "Dear Dr. Okonkwo-Lund,\n\nMaria van der Berg met J. Smith. Ask Qwendra about it.\n\n\
                Kind regards,\nXilor Zandt\n";
    let report = scan(text);
    let names = shown(text, &report, "personal.name");
    for name in ["Dr. Okonkwo-Lund", "Maria van der Berg", "J. Smith", "Qwendra", "Xilor Zandt"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn ordinary_capitals_are_no_names() {
    let text = "Getting Started\n\nOpen the Control Panel and choose Network Settings. The Risk \
                Committee meets on Monday. Use Docker and Python. See the User Guide.\n";
    let report = scan(text);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn code_gives_no_names_but_those_that_can_be_nothing_else() {
    let code = "use std::fmt;\nlet london = Paris::new(Grace::Hopper);\nfn main() {\n    \
                call(\"Select Font\");\n}\n// Copyright Anna Schmidt\n";
    let report = scan(code);
    assert_eq!(shown(code, &report, "personal.name"), ["Anna Schmidt"]);
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
}

#[test]
fn the_heading_of_a_column_tells_what_stands_below() {
    let text = "id,first_name,company,city\n1,Zyx,Qorp,Blorby\n2,Abx,Vorp,Glimby\n";
    let report = scan(text);
    assert_eq!(shown(text, &report, "personal.name"), ["Zyx", "Abx"]);
    assert_eq!(shown(text, &report, "personal.organisation"), ["Qorp", "Vorp"]);
    assert_eq!(shown(text, &report, "personal.place"), ["Blorby", "Glimby"]);
}

#[test]
fn addresses_of_many_countries_are_found_whole() {
    for address in [
        "1428 Elm Street, Springfield, IL 62704",
        "Lindenstraße 12, 10969 Berlin",
        "Calle Mayor 5, 28013 Madrid",
        "Via Roma 7, 20121 Milano",
        "Storgatan 4, 111 51 Stockholm",
        "Dorpsstraat 10, 1234 AB Utrecht",
        "12 rue Victor Hugo, 69002 Lyon",
    ] {
        let text = format!("Please send it to {address}.\n");
        let report = scan(&text);
        assert_eq!(shown(&text, &report, "personal.address"), [address]);
    }
}

#[test]
fn forms_without_a_field_word_are_found_at_low_severity() {
    let text = "Anna Berg (34) moved to West Zyxaville on March 4th and to Antonville in May 2019.\n\
                Try (629) 054-2807 ext 291 or www.haldenbrook.com, ask @zberg_77, send it to \
                P.O. Box 4711 or H-3933. The licence B78-386-5520 and 879440096 are hers.\n";
    let report = scan(text);
    for (rule, expected) in [
        ("personal.age-shape", &["34"][..]),
        ("personal.place", &["West Zyxaville", "Antonville"]),
        ("personal.date", &["March 4th", "May 2019"]),
        ("personal.phone-shape", &["(629) 054-2807 ext 291"]),
        ("personal.url", &["www.haldenbrook.com"]),
        ("personal.user-name-shape", &["zberg_77"]),
        ("personal.address", &["P.O. Box 4711"]),
        ("personal.post-code-shape", &["H-3933"]),
        ("personal.number", &["B78-386-5520", "879440096"]),
    ] {
        assert_eq!(shown(text, &report, rule), expected, "{rule}");
    }
    let code = format!("fn main() {{\n    call(879440096, \"www.zyxa.com\");\n}}\n// {text}");
    let of_code = scan(&code);
    for rule in ["personal.age-shape", "personal.url", "personal.number", "personal.date"] {
        assert!(of(&of_code, rule).is_empty(), "{rule} in {:?}", of_code.findings);
    }
}

#[test]
fn a_typeface_is_no_town() {
    let report = scan("It is set in Times New Roman and not in bold.\n");
    assert_eq!(of(&report, "personal.place"), Vec::<&attestry_scrub::Finding>::new());
    let town = "It was made in New Romanville, not in New Zyxa.\n";
    assert_eq!(shown(town, &scan(town), "personal.place"), ["New Romanville", "New Zyxa"]);
}

#[test]
fn case_hides_no_name() {
    let small = "my name is anna berg and i live in lisbon, ask will or the clerk\n";
    let report = scan(small);
    assert_eq!(shown(small, &report, "personal.name"), ["anna berg"]);
    assert_eq!(shown(small, &report, "personal.place"), ["lisbon"]);
    let capitals = "SHIP TO ANNA D. BERG IN LISBON BY 03/14/2021\nALL RIGHTS RESERVED BY LAW\n";
    let report = scan(capitals);
    assert_eq!(shown(capitals, &report, "personal.name"), ["ANNA D. BERG"]);
    assert_eq!(shown(capitals, &report, "personal.place"), ["LISBON"]);
    assert_eq!(shown(capitals, &report, "personal.date"), ["03/14/2021"]);
}

#[test]
fn what_is_not_public_has_a_category_of_its_own() {
    for text in [
        "Q3 results ahead of announcement",
        "Project Falcon: the data room opens before the merger",
        "NYSE: ABC will report EPS of 2.10",
        "Add her to the insider list.",
        "topline results of the phase 3 trial",
    ] {
        let report = scan(text);
        let is_mnpi = |finding: &attestry_scrub::Finding| finding.category == Category::Mnpi;
        assert!(report.findings.iter().any(is_mnpi), "{text}");
    }
    let plain = scan("The results of the match were published after the merger of the two clubs.");
    assert!(plain.findings.iter().all(|finding| finding.category != Category::Mnpi));
}

#[test]
fn hostile_text_ends() {
    for piece in
        ["A ", "Aa, Bb and ", "É\u{301}", "Mr. ", "1 A St, ", "name,", "Aa-", "\u{c3}\u{ff}"]
    {
        let report = scan(&piece.repeat(20_000));
        assert_eq!(report.read.len(), 1);
    }
}

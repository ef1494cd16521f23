//! Help, versions and mistakes in the command line.

use crate::support::{DONE, USAGE, attestry};

const COMMANDS: [&str; 21] = [
    "serve", "key", "trust", "enroll", "invite", "scrub", "submit", "review", "clear", "withdraw",
    "custody", "verify", "fsck", "bench", "demo", "program", "policy", "notice", "case", "hold",
    "export",
];

/// Commands that have commands of their own.
const GROUPS: [(&str, &[&str]); 7] = [
    ("key", &["new", "show", "revoke", "rotate", "approve", "replace"]),
    ("program", &["open", "list", "members", "work"]),
    ("policy", &["check", "explain", "replay"]),
    ("bench", &["append", "pack", "verify"]),
    ("notice", &["send", "follow"]),
    ("case", &["list", "show", "messages", "open", "step", "approve"]),
    ("hold", &["list", "show", "place", "release"]),
];

#[test]
fn help_names_every_command_and_each_has_its_own() {
    let help = attestry(&["--help"]).exits(DONE).stdout;
    for command in COMMANDS {
        let line = help.lines().find(|line| line.trim_start().starts_with(&format!("{command} ")));
        let line = line.unwrap_or_else(|| panic!("{command} is not in\n{help}"));
        assert!(line.trim().len() > command.len() + 10, "{line}");
        let own = attestry(&[command, "--help"]).exits(DONE).stdout;
        assert!(own.contains("Usage: attestry"), "{own}");
        assert!(own.contains("--json"), "{own}");
    }
    // Nothing is there that this test does not know.
    assert_eq!(listed(&help), COMMANDS.len() + 1, "{help}");
}

/// Commands that a help text lists, `help` among them.
fn listed(help: &str) -> usize {
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count()
}

#[test]
fn groups_name_their_commands() {
    for (group, commands) in GROUPS {
        let help = attestry(&[group, "--help"]).exits(DONE).stdout;
        for command in commands {
            assert!(help.contains(&format!("\n  {command} ")), "{command} is not in\n{help}");
            let own = attestry(&[group, command, "--help"]).exits(DONE).stdout;
            assert!(own.contains(&format!("Usage: attestry {group} {command}")), "{own}");
        }
        assert_eq!(listed(&help), commands.len() + 1, "{help}");
    }
}

#[test]
fn exit_codes_are_told() {
    let help = attestry(&["--help"]).exits(DONE).stdout;
    assert!(help.contains("Exit codes:"), "{help}");
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = attestry(&["--version"]).exits(DONE).stdout;
    assert_eq!(version.trim(), concat!("attestry ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn mistakes_are_usage_errors_in_words_and_in_json() {
    for arguments in [
        &["sing"][..],
        &[],
        &["key"],
        &["key", "new"],
        &["submit", "--yes"],
        &["serve", "--listen", "here"],
        &["bench", "append", "--entries", "0"],
        &["custody", "not-an-id", "--server", "x", "--key", "y"],
    ] {
        let run = attestry(arguments).exits(USAGE);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{run:?}");
        let run = attestry(&[&["--json"], arguments].concat()).exits(USAGE);
        let object = run.json();
        assert_eq!(object["exit_code"], USAGE);
        assert!(object["error"].as_str().unwrap().len() > 10, "{object}");
    }
}

#[test]
fn a_measurement_is_one_object() {
    let run = attestry(&["--json", "bench", "append", "--entries", "40", "--connections", "4"]);
    let report = run.exits(DONE).json();
    for name in ["entries_per_second", "latency_ms_p50", "latency_ms_p99", "bytes_per_entry"] {
        assert!(report[name].as_f64().is_some_and(|number| number > 0.0), "{name}: {report}");
    }
    let run = attestry(&["--json", "bench", "verify", "--entries", "40"]);
    assert!(!run.exits(DONE).json().as_object().unwrap().is_empty());
}

//! Every route, asked by everybody for everything, as one table that a person can review.
//!
//! `route-table.txt` beside this file is what was reviewed. A route that is new, a caller that is
//! let in, and a refusal by another rule than before all show as a difference.

mod matters;
mod requests;
mod world;

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Call};
use requests::{ROUTES, request};
use world::World;

const HEADING: &str = "\
# What every route answers, to whom and about what, under the shipped policies and with entries for
# members. Of each outcome: the status, for refusals the kind of problem or the rules that decided,
# and the callers who get it. \"visitor\" has no credentials, \"operations\" is an administrator of that
# program, all others (\"members\" with it) have a key of the program \"pilot\" with that one role. Where
# a caller has no such thing of its own, it is not listed. Who signed a statement is who calls with
# it, and who has the new key is who enrols it.
";

/// Parts of routes that the framework serves: the page that shows the description.
const PAGES: [&str; 2] = ["/docs", "/openapi.json"];

#[tokio::test]
async fn what_every_route_answers_is_the_reviewed_table() {
    let world = World::new().await;
    let known: BTreeSet<String> = ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(known.len(), ROUTES.len(), "a route is listed twice");
    every_route_is_known(&world, &known).await;
    let found = table(&world).await;
    let reviewed = include_str!("route-table.txt");
    let difference = found.lines().zip(reviewed.lines()).find(|(found, known)| found != known);
    assert!(
        found == reviewed,
        "tests/api/route-table.txt differs, first at {difference:?}; if the change is meant, the \
         whole table is now:\n{found}"
    );
}

/// What the description lists, what the source names besides, and which methods the server itself
/// says there are.
async fn every_route_is_known(world: &World, known: &BTreeSet<String>) {
    let document = world.server.get("/openapi.json").send().await.status(200).json();
    let mut served = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            served.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let described = served.len();
    assert!(described > 40, "{served:?}");
    let mut paths: BTreeSet<String> =
        served.iter().map(|route| route.split_once(' ').unwrap().1.to_owned()).collect();
    paths.extend(unlisted_paths());
    for path in &paths {
        for method in methods(world, path).await {
            served.insert(format!("{method} {path}"));
        }
    }
    let unknown: Vec<&String> = served.difference(known).collect();
    assert!(unknown.is_empty(), "routes that the table does not ask: {unknown:?}");
    let gone: Vec<&String> = known.difference(&served).collect();
    assert!(gone.is_empty(), "routes that are not served: {gone:?}");
}

/// Paths of routes that are not in the description, by the source.
fn unlisted_paths() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut paths = Vec::new();
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for part in text.split(".route(").skip(1) {
                let path = part.split('"').nth(1).unwrap();
                assert!(path.starts_with('/'), "{}: {path}", entry.path().display());
                paths.push(path.to_owned());
            }
        }
    }
    assert!(paths.len() >= 5, "{paths:?}");
    paths.retain(|path| PAGES.iter().all(|page| path != page));
    paths
}

/// Methods of a path, as the server lists them to somebody who uses another one. GET brings HEAD
/// with it, where that is no route of its own.
async fn methods(world: &World, path: &str) -> Vec<String> {
    let example = path.replace("{*path}", "x").replace("{name}", "pilot").replace(['{', '}'], "");
    let call = Call::new(&world.server, Method::from_bytes(b"FETCH").unwrap(), example);
    let answer = call.send().await.status(405);
    let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
    let head_is_its_own = allowed.contains(&"PATCH");
    let own = |method: &&&str| **method != "HEAD" || head_is_its_own;
    allowed.iter().filter(own).map(|method| (*method).to_owned()).collect()
}

async fn table(world: &World) -> String {
    let mut text = HEADING.to_owned();
    for (route, targets) in ROUTES {
        write!(text, "\n{route}\n").unwrap();
        for target in *targets {
            let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
            for caller in &world.callers {
                let Some(answer) = request(world, route, target, caller).await else { continue };
                let outcome = outcome(&answer);
                match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                    Some((_, callers)) => callers.push(caller.name),
                    None => outcomes.push((outcome, vec![caller.name])),
                }
            }
            outcomes.sort();
            let indent = if targets.len() > 1 { "    " } else { "  " };
            if targets.len() > 1 {
                writeln!(text, "  {target}").unwrap();
            }
            for (outcome, callers) in outcomes {
                writeln!(text, "{indent}{outcome}: {}", named(world, &callers)).unwrap();
            }
        }
    }
    text
}

fn named(world: &World, callers: &[&str]) -> String {
    let all = world.callers.len();
    match callers.len() {
        everybody if everybody == all => "everybody".to_owned(),
        members if members + 1 == all && !callers.contains(&"visitor") => "members".to_owned(),
        _ => callers.join(" "),
    }
}

/// Status, and for a refusal what kind it is or which rules made it.
fn outcome(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    assert!(status < 500 && status != 422, "{status} {}: {answer:?}", answer.url);
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let rules = problem["policy"]["rules"].as_array();
    let reason = match rules {
        Some(rules) => {
            let names: Vec<&str> = rules.iter().map(|rule| rule.as_str().unwrap()).collect();
            format!("[{}]", names.join(" "))
        }
        None => {
            let kind = problem["type"].as_str().unwrap_or_default();
            kind.rsplit(':').next().unwrap_or_default().to_owned()
        }
    };
    match (status, reason.as_str()) {
        (400.., reason) if !reason.is_empty() => format!("{status} {reason}"),
        _ => status.to_string(),
    }
}

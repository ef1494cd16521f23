//! WHO, ACTION and WHAT in words, as facts for the rules.

use std::collections::BTreeMap;

use attestry_policy::{
    access::{Action, KEY_ID_BYTES, KeyId, ResourceKind},
    words::{Role, RoleSet, State},
};

use crate::{
    cli::output::Failure,
    service::explain::{Holder, Situation, Target, Work},
};

/// Program of whoever names none.
const DEFAULT_PROGRAM: &str = "main";
/// Keys of nobody: who is whom is all that rules ask.
const CALLER: KeyId = KeyId([1; KEY_ID_BYTES]);
const SOMEBODY: KeyId = KeyId([2; KEY_ID_BYTES]);
const OFFICER: KeyId = KeyId([3; KEY_ID_BYTES]);
/// Id of no submission.
const SUBMISSION: &str = "00000000-0000-4000-8000-000000000000";

/// What `--with` and the flat form of `--facts` know.
pub const FACTS: &str = "revoked, known-person, replaces-owner, public-entries, state, held, \
                         withdrawn, same-person, target-roles, target-revoked, second-officer, \
                         second-officer-is";

/// Further facts by name. What nobody asks for is refused: a misspelt fact must not be a silent
/// default.
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Reads `key=value` pairs.
    ///
    /// # Errors
    /// A [`Failure`] if one is no pair or repeats another.
    pub fn parse(pairs: &[String]) -> Result<Self, Failure> {
        let mut facts = BTreeMap::new();
        for pair in pairs {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Failure::usage(format!(
                    "--with {pair:?} is not of the form fact=value, such as held=yes"
                ))
            })?;
            if facts.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
                return Err(Failure::usage(format!("the fact {key:?} is given twice")));
            }
        }
        Ok(Self(facts))
    }

    /// Adds facts that are not there yet: what was given by `--with` counts more.
    pub fn add(&mut self, more: BTreeMap<String, String>) {
        for (key, value) in more {
            self.0.entry(key).or_insert(value);
        }
    }

    fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    fn take_yes(&mut self, key: &str) -> Result<bool, Failure> {
        match self.take(key).as_deref() {
            None | Some("no" | "false") => Ok(false),
            Some("yes" | "true") => Ok(true),
            Some(other) => Err(Failure::usage(format!("{key} is yes or no, not {other:?}"))),
        }
    }

    fn require_none_left(&self, what: &str) -> Result<(), Failure> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(key) => Err(Failure::usage(format!(
                "the fact {key:?} is unknown, or says nothing about {what}; facts are: {FACTS}"
            ))),
        }
    }
}

/// Reads an action.
///
/// # Errors
/// A [`Failure`] that lists them all.
pub fn action(word: &str) -> Result<Action, Failure> {
    Action::parse(word).ok_or_else(|| {
        let all: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        Failure::usage(format!("there is no action {word:?}; actions are: {}", all.join(", ")))
    })
}

/// Puts a question together.
///
/// # Errors
/// A [`Failure`] that says what is wrong with which word.
pub fn situation(
    who: &str,
    action_word: &str,
    what: &str,
    mut facts: Facts,
) -> Result<Situation, Failure> {
    let action = action(action_word)?;
    let who = caller(who, &mut facts)?;
    let what_word = what;
    let what = target(what, who.as_ref(), &mut facts)?;
    let (kind, found) = (action.resource(), kind_of(&what));
    if kind != found {
        return Err(Failure::usage(format!(
            "{action} is done to {}; write {}",
            noun(kind),
            example(kind)
        )));
    }
    let second_officer = second_officer(who.as_ref(), &what, &mut facts)?;
    facts.require_none_left(what_word)?;
    Ok(Situation { who, action, what, second_officer })
}

fn caller(word: &str, facts: &mut Facts) -> Result<Option<Holder>, Failure> {
    if word == "visitor" {
        return Ok(None);
    }
    let mut holder = holder(word, CALLER, DEFAULT_PROGRAM, "caller")?;
    holder.revoked = facts.take_yes("revoked")?;
    if facts.0.contains_key("known-person") && !facts.take_yes("known-person")? {
        holder.person = None;
    }
    if facts.take_yes("replaces-owner")? {
        holder.replaces = Some(SOMEBODY);
    }
    Ok(Some(holder))
}

/// Reads `ROLE,ROLE@PROGRAM`.
fn holder(word: &str, key: KeyId, program: &str, person: &str) -> Result<Holder, Failure> {
    let (roles, program) = word.split_once('@').unwrap_or((word, program));
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let roles = match roles {
        "nobody" => Some(RoleSet::EMPTY),
        roles => roles.split(',').map(|role| Role::parse(role.trim())).collect(),
    };
    let roles = roles.filter(|_| !program.is_empty()).ok_or_else(|| {
        Failure::usage(format!(
            "{word:?} is nobody known; write visitor, or roles and a program such as \
             legal,admin@main, or nobody@main for a key without a role; roles are: {}",
            known()
        ))
    })?;
    Ok(Holder {
        key,
        roles,
        program: program.to_owned(),
        revoked: false,
        person: Some(person.to_owned()),
        replaces: None,
    })
}

fn target(word: &str, who: Option<&Holder>, facts: &mut Facts) -> Result<Target, Failure> {
    let here = who.map_or(DEFAULT_PROGRAM, |holder| holder.program.as_str());
    let (name, place) = match word.split_once(['@', ':']) {
        Some((name, place)) if !place.is_empty() => (name, place),
        Some(_) => return Err(unknown_target(word)),
        None => (word, here),
    };
    let own = |what: &str| {
        who.ok_or_else(|| Failure::usage(format!("a visitor has no {what} of their own")))
    };
    match name {
        "log" if word == name => {
            Ok(Target::Log { public_entries: facts.take_yes("public-entries")? })
        }
        "program" => Ok(Target::Program(place.to_owned())),
        "own-key" if word == name => Ok(Target::Member(own("key")?.clone())),
        "member" => member(place, who, facts).map(Target::Member),
        "own-submission" => {
            let own = own("submission")?;
            submission(own.key, own.person.clone(), place, facts).map(Target::Submission)
        }
        "submission" | "other-submission" => {
            let person = same_person(who, facts)?;
            submission(SOMEBODY, person, place, facts).map(Target::Submission)
        }
        _ => Err(unknown_target(word)),
    }
}

fn unknown_target(word: &str) -> Failure {
    Failure::usage(format!(
        "{word:?} is nothing known; write log, program:main, own-key, member@main, own-submission, \
         submission@main, and with --server an id, a thumbprint, program:NAME or log"
    ))
}

/// Who holds the other key, as far as it is known.
fn same_person(who: Option<&Holder>, facts: &mut Facts) -> Result<Option<String>, Failure> {
    match (facts.take("same-person").as_deref(), who) {
        (None | Some("no"), _) => Ok(Some("somebody".to_owned())),
        (Some("yes"), Some(caller)) => Ok(caller.person.clone()),
        (Some("unknown"), _) => Ok(None),
        (Some("yes"), None) => Err(Failure::usage("a visitor is nobody's second key")),
        (Some(other), _) => {
            Err(Failure::usage(format!("same-person is yes, no or unknown, not {other:?}")))
        }
    }
}

fn member(place: &str, who: Option<&Holder>, facts: &mut Facts) -> Result<Holder, Failure> {
    let roles = facts.take("target-roles").unwrap_or_else(|| "nobody".to_owned());
    let mut holder = holder(&roles, SOMEBODY, place, "somebody")?;
    if holder.program != place {
        return Err(Failure::usage(
            "target-roles are roles only; the program stands after member@",
        ));
    }
    holder.person = same_person(who, facts)?;
    holder.revoked = facts.take_yes("target-revoked")?;
    Ok(holder)
}

fn submission(
    owner: KeyId,
    owner_person: Option<String>,
    program: &str,
    facts: &mut Facts,
) -> Result<Work, Failure> {
    let state = match facts.take("state") {
        None => State::Attested,
        Some(word) => State::parse(&word).ok_or_else(|| {
            let all: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
            Failure::usage(format!("there is no state {word:?}; states are: {}", all.join(", ")))
        })?,
    };
    Ok(Work {
        id: SUBMISSION.to_owned(),
        owner,
        owner_person,
        program: program.to_owned(),
        withdrawn: facts.take_yes("withdrawn")?,
        held: facts.take_yes("held")?,
        state,
    })
}

fn second_officer(
    who: Option<&Holder>,
    what: &Target,
    facts: &mut Facts,
) -> Result<Option<Holder>, Failure> {
    let Some(word) = facts.take("second-officer") else { return Ok(None) };
    let program = who.map_or(DEFAULT_PROGRAM, |holder| holder.program.as_str());
    let mut officer = holder(&word, OFFICER, program, "officer")?;
    match (facts.take("second-officer-is").as_deref(), what) {
        (None | Some("other"), _) => {}
        (Some("caller"), _) => officer.person = who.and_then(|holder| holder.person.clone()),
        (Some("target"), Target::Member(target)) => officer.person.clone_from(&target.person),
        (Some("unknown"), _) => officer.person = None,
        (Some(_), _) => {
            return Err(Failure::usage(
                "second-officer-is says whose second key it is: other, caller, target (of a member) or unknown",
            ));
        }
    }
    Ok(Some(officer))
}

const fn kind_of(target: &Target) -> ResourceKind {
    match target {
        Target::Log { .. } => ResourceKind::Log,
        Target::Program(_) => ResourceKind::Program,
        Target::Member(_) => ResourceKind::Member,
        Target::Submission(_) => ResourceKind::Submission,
    }
}

const fn noun(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Log => "the log",
        ResourceKind::Program => "a program",
        ResourceKind::Member => "a key and its holder",
        ResourceKind::Submission => "a submission",
    }
}

const fn example(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Log => "log",
        ResourceKind::Program => "program:main",
        ResourceKind::Member => "own-key or member@main",
        ResourceKind::Submission => "own-submission or submission@main",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: [&str; 3], with: &[&str]) -> Result<Situation, Failure> {
        let pairs: Vec<String> = with.iter().map(|&pair| pair.to_owned()).collect();
        situation(words[0], words[1], words[2], Facts::parse(&pairs)?)
    }

    fn refused(words: [&str; 3], with: &[&str]) -> String {
        read(words, with).unwrap_err().to_string()
    }

    #[test]
    fn roles_and_programs_are_read() {
        let found = read(["legal,admin@alpha", "readContent", "submission"], &[]).unwrap();
        let who = found.who.unwrap();
        assert!(who.roles.contains(Role::Legal) && who.roles.contains(Role::Admin));
        assert!(!who.roles.contains(Role::Reviewer));
        let Target::Submission(work) = found.what else { panic!("{:?}", found.what) };
        assert_eq!((who.program.as_str(), work.program.as_str()), ("alpha", "alpha"));
        assert_ne!((who.key, who.person), (work.owner, work.owner_person));
        let nobody = read(["nobody", "readProgram", "program:beta"], &[]).unwrap();
        assert_eq!(nobody.who.unwrap().roles, RoleSet::EMPTY);
        assert_eq!(nobody.what, Target::Program("beta".into()));
        assert_eq!(read(["visitor", "readLog", "log"], &[]).unwrap().who, None);
    }

    #[test]
    fn what_is_ones_own_has_ones_own_key() {
        let own = read(["contractor", "attest", "own-submission"], &[]).unwrap();
        let (Some(who), Target::Submission(work)) = (own.who, own.what) else { panic!() };
        assert_eq!((who.key, who.person), (work.owner, work.owner_person));
        let key = read(["contractor", "revokeKey", "own-key"], &["revoked=yes"]).unwrap();
        assert_eq!(key.what, Target::Member(key.who.clone().unwrap()));
        assert!(key.who.unwrap().revoked);
    }

    #[test]
    fn further_facts_arrive_where_they_belong() {
        let with = ["state=quarantined", "held=yes", "withdrawn=true", "same-person=yes"];
        let found = read(["reviewer", "review", "submission@other"], &with).unwrap();
        let (Some(who), Target::Submission(work)) = (found.who, found.what) else { panic!() };
        assert_eq!(work.state, State::Quarantined);
        assert!(work.held && work.withdrawn && work.program == "other");
        assert_eq!((who.key == work.owner, who.person), (false, work.owner_person));

        let replaces = read(["nobody", "withdraw", "submission"], &["replaces-owner=yes"]).unwrap();
        let (Some(who), Target::Submission(work)) = (replaces.who, replaces.what) else { panic!() };
        assert_eq!(who.replaces, Some(work.owner));

        let with = [
            "target-roles=contractor",
            "target-revoked=yes",
            "same-person=unknown",
            "second-officer=legal",
            "second-officer-is=caller",
        ];
        let found = read(["admin@a", "replaceKey", "member"], &with).unwrap();
        let (Some(who), Target::Member(target)) = (found.who, found.what) else { panic!() };
        assert!(target.revoked && target.roles.contains(Role::Contractor));
        assert_eq!(target.person, None);
        let second = found.second_officer.unwrap();
        assert_eq!((second.program.as_str(), &second.person), ("a", &who.person));
        assert_ne!(second.key, who.key);
        let unknown = read(["reviewer", "review", "submission"], &["known-person=no"]).unwrap();
        assert_eq!(unknown.who.unwrap().person, None);
    }

    #[test]
    fn words_that_are_not_known_are_refused_with_those_that_are() {
        let words = ["legal", "review", "submission"];
        assert!(refused(["lawyer", "review", "submission"], &[]).contains("roles are: contractor"));
        assert!(refused(["legal@", "review", "submission"], &[]).contains("roles and a program"));
        assert!(refused(["legal", "peek", "log"], &[]).contains("actions are: readLog"));
        assert!(refused(["legal", "review", "file"], &[]).contains("own-submission"));
        assert!(refused(["legal", "readLog", "log@main"], &[]).contains("program:main"));
        assert!(refused(["legal", "review", "log"], &[]).contains("is done to a submission"));
        assert!(refused(["visitor", "attest", "own-submission"], &[]).contains("a visitor has no"));
        assert!(refused(words, &["state=lost"]).contains("states are: received"));
        assert!(refused(words, &["held=maybe"]).contains("yes or no"));
        assert!(refused(words, &["same-person=perhaps"]).contains("yes, no or unknown"));
        assert!(refused(words, &["held"]).contains("fact=value"));
        assert!(refused(words, &["held=yes", "held=no"]).contains("given twice"));
        assert!(refused(words, &["heldd=yes"]).contains("facts are: revoked"));
    }

    #[test]
    fn facts_about_something_else_are_refused() {
        for (words, fact) in [
            (["visitor", "readLog", "log"], "revoked=yes"),
            (["legal", "readProgram", "program"], "held=yes"),
            (["legal", "review", "submission"], "public-entries=yes"),
            (["legal", "attest", "own-submission"], "same-person=no"),
            (["legal", "review", "submission"], "target-roles=legal"),
            (["legal", "review", "submission"], "second-officer-is=caller"),
        ] {
            assert!(refused(words, &[fact]).contains("says nothing about"), "{fact}");
        }
    }
}

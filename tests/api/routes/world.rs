//! Who calls, and what there is to be called for.

use attestry_proof::key::Thumbprint;
use serde_json::json;

use crate::support::{Answer, Call, Member, Server, Work};

/// Roles of callers, who all belong to the program "pilot".
const ROLES: [&str; 6] = ["contractor", "reviewer", "legal", "consumer", "admin", "auditor"];

/// Somebody who calls.
pub struct Caller {
    pub name: &'static str,
    /// Nobody has no key.
    pub key: Option<Member>,
    program: &'static str,
    roles: Vec<&'static str>,
}

impl Caller {
    /// The caller's key, or one that nobody enrolled.
    pub fn key(&self) -> Member {
        self.key.clone().unwrap_or_else(Member::new)
    }
}

pub struct World {
    pub server: Server,
    pub callers: Vec<Caller>,
    /// Of the caller who is a contractor; of another; of a contractor in another program.
    works: [(Member, Work); 3],
    /// Position of the first statement about each.
    positions: [u64; 3],
}

impl World {
    pub async fn new() -> Self {
        let server = Server::start().await;
        server.open_program("other").await;
        let mut callers = vec![Caller { name: "visitor", key: None, program: "", roles: vec![] }];
        for role in ROLES {
            let key = server.person(&[role], &format!("{role}@example.org")).await;
            callers.push(Caller {
                name: role,
                key: Some(key),
                program: "pilot",
                roles: vec![role],
            });
        }
        let (name, key) = ("operations", Some(server.admin.clone()));
        callers.push(Caller { name, key, program: name, roles: vec!["admin"] });
        let owners = [
            callers[1].key(),
            server.person(&["contractor"], "another@example.org").await,
            server.person_in("other", &["contractor"], "far@example.org").await,
        ];
        let mut works = Vec::new();
        let mut positions = Vec::new();
        for owner in owners {
            positions.push(server.size().0);
            let work = Work::attested(&server, &owner).await;
            works.push((owner, work));
        }
        let Ok(works) = <[_; 3]>::try_from(works) else { unreachable!() };
        let Ok(positions) = <[_; 3]>::try_from(positions) else { unreachable!() };
        Self { server, callers, works, positions }
    }

    /// The work that a target means; `None` where the caller has none.
    pub fn work(&self, caller: &Caller, target: &str) -> Option<&(Member, Work)> {
        self.place(caller, target).map(|at| &self.works[at])
    }

    /// Position of a statement about the work that a target means.
    pub fn position(&self, caller: &Caller, target: &str) -> Option<u64> {
        self.place(caller, target).map(|at| self.positions[at])
    }

    fn place(&self, caller: &Caller, target: &str) -> Option<usize> {
        match target.split(',').next().unwrap() {
            "own" => (caller.name == "contractor").then_some(0),
            "another's" => Some(1),
            "of another program" => Some(2),
            other => unreachable!("{other}"),
        }
    }

    /// Name of the program that a target means.
    pub fn program(target: &str) -> &'static str {
        match target.split(',').next().unwrap() {
            "pilot" | "another's" => "pilot",
            "another program" | "of another program" => "other",
            other => unreachable!("{other}"),
        }
    }

    /// A fresh key, of the caller's kind or of a contractor where the target says; `None` where the
    /// caller has none.
    pub async fn fresh(&self, caller: &Caller, target: &str) -> Option<Member> {
        let server = &self.server;
        let (program, roles) = match target {
            "own" if caller.key.is_none() => return None,
            "own" => (caller.program, caller.roles.clone()),
            _ => (Self::program(target), vec!["contractor"]),
        };
        let email = format!("{}@fresh.example.org", crate::support::new_id());
        Some(server.person_in(program, &roles, &email).await)
    }

    /// The key and whoever calls about it: with a key of its own, it calls itself.
    pub async fn about_key(
        &self,
        caller: &Caller,
        target: &str,
    ) -> Option<(Member, Option<Member>)> {
        let key = self.fresh(caller, target).await?;
        let by = if target == "own" { Some(key.clone()) } else { caller.key.clone() };
        Some((key, by))
    }

    /// A code that enrols a contractor in the program that a target means, and its id.
    pub async fn invitation(&self, target: &str) -> (String, String) {
        let body = json!({ "roles": ["contractor"], "program": Self::program(target) });
        let call = self.server.post("/api/v1/invitations").json(&body).by(&self.server.admin);
        let answer = call.send().await.status(201).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("code"), text("id"))
    }
}

/// Sends a request as somebody, or as nobody.
pub async fn send(call: Call<'_>, by: Option<&Member>) -> Option<Answer> {
    let call = match by {
        Some(member) => call.by(member),
        None => call,
    };
    Some(call.send().await)
}

/// A path about a key.
pub fn key_path(key: Thumbprint, rest: &str) -> String {
    format!("/api/v1/keys/{key}{rest}")
}

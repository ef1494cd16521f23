//! Who calls, and what there is to be called for.

use attestry_proof::{key::Thumbprint, payload::withdrawal::Scope};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Call, Draft, Member, Server, Work, withdrawal};

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
    /// Of "pilot" and of the other program.
    pub matters: [Matter; 2],
}

/// A case and its program's officer.
pub struct Matter {
    pub officer: Member,
    pub case: Uuid,
    pub withdrawn: Uuid,
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
        let far = server.person_in("other", &["legal"], "far-legal@example.org").await;
        let matters = [
            Matter::new(&server, "pilot", callers[3].key()).await,
            Matter::new(&server, "other", far).await,
        ];
        Self { server, callers, works, positions, matters }
    }

    /// A submission in the program that a target means.
    pub fn works_in(&self, target: &str) -> Uuid {
        self.works[if Self::program(target) == "pilot" { 1 } else { 2 }].1.id
    }

    /// The case of the program that a target means.
    pub fn matter(&self, target: &str) -> &Matter {
        &self.matters[usize::from(Self::program(target) != "pilot")]
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

impl Matter {
    /// Withdraws something, so that a case is opened.
    async fn new(server: &Server, program: &str, officer: Member) -> Self {
        let owner = server.person_in(program, &["contractor"], &format!("w@{program}.org")).await;
        let id = server.submission(&owner).await;
        let policies = server.service.policies();
        let payload = withdrawal(policies.clauses(), id, Scope::Everything).to_bytes();
        let draft = Draft::new(&owner, id, payload, server.now());
        server.send(&draft, &owner).await.status(201);
        server.service.follow_cases().await.unwrap();
        let listed = server.get("/api/v1/cases").by(&officer).send().await.status(200).json();
        let case = listed[0]["id"].as_str().unwrap().parse().unwrap();
        Self { officer, case, withdrawn: id }
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

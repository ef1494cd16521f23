//! A valid request for each route and each thing that it can be about.

use attestry::store::ledger::Role;
use attestry_proof::{hash::Hash, payload::withdrawal::Scope};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    matters,
    world::{Caller, World, key_path, send},
};
use crate::{
    sessions::{answer_challenge, sign_in},
    support::{
        Answer, Call, Draft, Member, ORIGIN, Server, approval, effort, new_id, review, withdrawal,
    },
};

const LOG: &[&str] = &["log"];
const PROGRAMS: &[&str] = &["pilot", "another program"];
const KEYS: &[&str] = &["own", "another's", "of another program"];
const WORK: &[&str] = &["own", "another's", "of another program"];
const OPENED: &[&str] = &["own", "another's", "another's, no purpose", "of another program"];
const WRITTEN: &[&str] = &["new", "own", "another's", "of another program"];
const SESSIONS: &[&str] = &["by token", "by session"];
const STATEMENTS: &[&str] = &[
    "effort, new",
    "effort, own",
    "effort, another's",
    "withdrawal, new",
    "withdrawal, another's",
    "withdrawal, of another program",
    "review, another's",
    "review, of another program",
    "key approval, pilot",
    "key approval, another program",
    "hold, pilot",
    "hold, another program",
    "hold release, pilot",
    "hold release, another program",
    "case step, pilot",
    "case step, another program",
    "case approval, pilot",
    "case approval, another program",
];

/// Every route, with what it can be about. Those above the line of dots are in the description.
pub const ROUTES: &[(&str, &[&str])] = &[
    ("GET /health", LOG),
    ("GET /metrics", LOG),
    ("GET /api/v1/log", LOG),
    ("GET /api/v1/consistency", LOG),
    ("GET /api/v1/payloads/{sha256}", LOG),
    ("GET /api/v1/clauses", LOG),
    ("GET /api/v1/clauses/{set}/{version}/{locale}", LOG),
    ("GET /api/v1/policies", LOG),
    ("GET /api/v1/policies/files/{sha256}", LOG),
    ("POST /api/v1/policy/explain", PROGRAMS),
    ("GET /.well-known/scitt-keys", LOG),
    ("GET /.well-known/scitt-keys/{kid}", LOG),
    ("GET /entries/{id}", LOG),
    ("POST /entries", STATEMENTS),
    ("POST /api/v1/statements", STATEMENTS),
    ("GET /api/v1/entries/{index}", &["public", "sealed"]),
    ("GET /api/v1/entries/{index}/proof", LOG),
    ("GET /api/v1/entries/{index}/statement", &["public", "sealed"]),
    ("GET /api/v1/entries/{index}/payload", OPENED),
    ("POST /api/v1/programs", LOG),
    ("GET /api/v1/programs", LOG),
    ("GET /api/v1/programs/{name}/members", PROGRAMS),
    ("GET /api/v1/programs/{name}/submissions", PROGRAMS),
    ("POST /api/v1/notices", LOG),
    ("GET /api/v1/notices/{secret}", LOG),
    ("GET /api/v1/register/cases", LOG),
    ("GET /api/v1/register/cases.csv", LOG),
    ("GET /api/v1/cases", LOG),
    ("POST /api/v1/cases", LOG),
    ("GET /api/v1/cases/{id}", PROGRAMS),
    ("GET /api/v1/cases/{id}/messages", PROGRAMS),
    ("PUT /api/v1/cases/{id}/list", PROGRAMS),
    ("GET /api/v1/holds", LOG),
    ("GET /api/v1/holds/{id}", PROGRAMS),
    ("POST /api/v1/invitations", PROGRAMS),
    ("GET /api/v1/invitations", LOG),
    ("DELETE /api/v1/invitations/{id}", PROGRAMS),
    ("POST /api/v1/keys", &["new key", "enrolled key"]),
    ("GET /api/v1/keys", LOG),
    ("GET /api/v1/keys/{thumbprint}", LOG),
    ("POST /api/v1/keys/{thumbprint}/revocation", KEYS),
    ("POST /api/v1/keys/{thumbprint}/rotation", KEYS),
    ("POST /api/v1/keys/{thumbprint}/replacement", &["approved", "not approved"]),
    ("DELETE /api/v1/keys/{thumbprint}/person", KEYS),
    ("POST /api/v1/sessions/challenges", LOG),
    ("POST /api/v1/sessions", LOG),
    ("GET /api/v1/sessions", KEYS),
    ("GET /api/v1/sessions/current", SESSIONS),
    ("DELETE /api/v1/sessions/current", SESSIONS),
    ("DELETE /api/v1/sessions/{id}", KEYS),
    ("GET /api/v1/oidc/login", LOG),
    ("GET /api/v1/oidc/callback", LOG),
    ("GET /api/v1/submissions", LOG),
    ("GET /api/v1/submissions/{id}", WORK),
    ("GET /api/v1/submissions/{id}/custody", OPENED),
    ("GET /api/v1/submissions/{id}/pack", OPENED),
    ("POST /api/v1/submissions/{id}/clearance", WORK),
    ("PUT /api/v1/submissions/{id}/payloads/{sha256}", WRITTEN),
    ("PUT /api/v1/submissions/{id}/manifests/{commitment}", WRITTEN),
    ("POST /api/v1/submissions/{id}/files/missing", WRITTEN),
    // ....................................................................................
    ("GET /", LOG),
    ("GET /enroll", LOG),
    ("GET /verify.html", LOG),
    ("GET /checkpoint", LOG),
    ("GET /tile/{*path}", LOG),
    ("GET /tile/entries/{*path}", LOG),
    ("GET /api/v1/submissions/{id}/files/{sha256}", OPENED),
    ("HEAD /api/v1/submissions/{id}/files/{sha256}", WRITTEN),
    ("PUT /api/v1/submissions/{id}/files/{sha256}", WRITTEN),
    ("PATCH /api/v1/submissions/{id}/files/{sha256}", WRITTEN),
    ("POST /api/v1/submissions/{id}/files", WRITTEN),
];

/// Makes the request; `None` where the caller has no such thing.
pub async fn request(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let (_, path) = route.split_once(' ').unwrap();
    match path {
        "/entries" | "/api/v1/statements" => statement(world, path, target, caller).await,
        _ if path.starts_with("/api/v1/keys") || path.starts_with("/api/v1/invitations") => {
            about_keys(world, route, target, caller).await
        }
        _ if path.starts_with("/api/v1/sessions") => session(world, route, target, caller).await,
        _ if path.starts_with("/api/v1/submissions/{id}") => {
            submission(world, route, target, caller).await
        }
        _ if path.starts_with("/api/v1/entries/") => entry(world, route, target, caller).await,
        _ if ["notices", "register", "cases", "holds"]
            .contains(&path.split('/').nth(3).unwrap_or("")) =>
        {
            matters::request(world, route, target, caller).await
        }
        _ if path.starts_with("/api/v1/program") => program(world, route, target, caller).await,
        _ => log(world, route, target, caller).await,
    }
}

async fn log(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let policies = server.service.policies();
    let text = &policies.clauses().texts()[0];
    let by = caller.key.as_ref();
    if route == "POST /api/v1/policy/explain" {
        let what = format!("program:{}", World::program(target));
        let question = json!({ "who": "visitor", "action": "readProgram", "what": what });
        return send(server.post("/api/v1/policy/explain").json(&question), by).await;
    }
    let path = match route.split_once(' ').unwrap().1 {
        "/api/v1/consistency" => "/api/v1/consistency?from=1&to=2".to_owned(),
        "/api/v1/payloads/{sha256}" => {
            let genesis = server.get("/api/v1/entries/0").send().await.status(200).json();
            format!("/api/v1/payloads/{}", genesis["payload_sha256"].as_str().unwrap())
        }
        "/api/v1/clauses/{set}/{version}/{locale}" => {
            format!("/api/v1/clauses/{}/{}/{}", text.set(), text.version(), text.locale())
        }
        "/api/v1/policies/files/{sha256}" => {
            format!("/api/v1/policies/files/{}", Hash(*text.sha256()))
        }
        "/.well-known/scitt-keys/{kid}" => {
            let key = server.service.log().signers().receipt.public_key();
            format!("/.well-known/scitt-keys/{}", key.thumbprint())
        }
        "/entries/{id}" => "/entries/3".to_owned(),
        "/tile/{*path}" => "/tile/0/000.p/3".to_owned(),
        "/tile/entries/{*path}" => "/tile/entries/000.p/3".to_owned(),
        "/api/v1/oidc/callback" => "/api/v1/oidc/callback?code=c&state=s".to_owned(),
        path => path.to_owned(),
    };
    send(server.get(path), by).await
}

async fn entry(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let index = match target {
        "log" | "public" => 2,
        "sealed" => world.position(caller, "another's")?,
        _ => world.position(caller, target)?,
    };
    let rest = match route.rsplit('/').next().unwrap() {
        "payload" if target.ends_with("no purpose") => "/payload",
        "payload" => "/payload?purpose=audit",
        "proof" => "/proof?wait=true",
        "statement" => "/statement?wait=true",
        _ => "",
    };
    let call = world.server.get(format!("/api/v1/entries/{index}{rest}"));
    send(call, caller.key.as_ref()).await
}

async fn program(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let call = match route {
        "POST /api/v1/programs" => {
            let body = json!({ "name": format!("by-{}", caller.name) });
            server.post("/api/v1/programs").json(&body)
        }
        "GET /api/v1/programs" => server.get("/api/v1/programs"),
        "GET /api/v1/programs/{name}/members" => {
            server.get(format!("/api/v1/programs/{}/members", World::program(target)))
        }
        "GET /api/v1/programs/{name}/submissions" => {
            server.get(format!("/api/v1/programs/{}/submissions", World::program(target)))
        }
        other => unreachable!("{other}"),
    };
    send(call, caller.key.as_ref()).await
}

async fn about_keys(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let by = caller.key.as_ref();
    match route {
        "POST /api/v1/invitations" => {
            let body = json!({ "roles": ["contractor"], "program": World::program(target) });
            send(server.post("/api/v1/invitations").json(&body), by).await
        }
        "GET /api/v1/invitations" => send(server.get("/api/v1/invitations"), by).await,
        "DELETE /api/v1/invitations/{id}" => {
            let (_, id) = world.invitation(target).await;
            send(server.delete(format!("/api/v1/invitations/{id}")), by).await
        }
        "POST /api/v1/keys" => {
            let (code, _) = world.invitation("pilot").await;
            let key = if target == "new key" { Member::new() } else { caller.key.clone()? };
            Some(server.try_enroll(&key, &code).await)
        }
        "GET /api/v1/keys" => send(server.get("/api/v1/keys"), by).await,
        "GET /api/v1/keys/{thumbprint}" => {
            send(server.get(key_path(server.admin.thumbprint(), "")), by).await
        }
        "POST /api/v1/keys/{thumbprint}/revocation" => {
            let (key, by) = world.about_key(caller, target).await?;
            let call = server.post(key_path(key.thumbprint(), "/revocation"));
            send(call.json(&json!({ "reason": "left-program" })), by.as_ref()).await
        }
        "POST /api/v1/keys/{thumbprint}/rotation" => {
            let (key, by) = world.about_key(caller, target).await?;
            let call = server.post(key_path(key.thumbprint(), "/rotation"));
            send(call.json(&rotation(&key, &Member::new())), by.as_ref()).await
        }
        "POST /api/v1/keys/{thumbprint}/replacement" => replacement(world, target, caller).await,
        "DELETE /api/v1/keys/{thumbprint}/person" => {
            let (key, by) = world.about_key(caller, target).await?;
            send(server.delete(key_path(key.thumbprint(), "/person")), by.as_ref()).await
        }
        other => unreachable!("{other}"),
    }
}

fn rotation(from: &Member, to: &Member) -> Value {
    let (old, new) = (from.thumbprint(), to.thumbprint());
    let possession = to.sign(format!("attestry/rotation/v1\n{ORIGIN}\n{old}\n{new}\n").as_bytes());
    json!({
        "public_key": to.public_base64(), "possession": URL_SAFE_NO_PAD.encode(possession),
        "reason": "scheduled",
    })
}

/// Whoever has the key that was approved is who may: the caller's own counts for nothing.
async fn replacement(world: &World, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let lost = world.fresh(caller, "another's").await?;
    let new = if target == "approved" { Member::new() } else { caller.key() };
    if target == "approved" {
        for (name, capacity) in [("legal", Role::Legal), ("admin", Role::Admin)] {
            let officer = world.callers.iter().find(|caller| caller.name == name).unwrap().key();
            let word = approval(server, (&officer, capacity), &lost, &new);
            server.send(&word, &officer).await.status(201);
        }
    }
    let body = json!({ "public_key": new.public_base64() });
    let call = server.post(key_path(lost.thumbprint(), "/replacement")).json(&body);
    send(call, Some(&new)).await
}

async fn session(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let by = caller.key.as_ref();
    match route {
        "POST /api/v1/sessions/challenges" => {
            let body = json!({ "thumbprint": caller.key().thumbprint().to_string() });
            Some(server.post("/api/v1/sessions/challenges").json(&body).send().await)
        }
        "POST /api/v1/sessions" => Some(answer_challenge(server, &caller.key()).await),
        "GET /api/v1/sessions" => {
            let (key, by) = match target {
                "own" => (caller.key.clone()?, caller.key.clone()),
                _ => world.about_key(caller, target).await?,
            };
            let path = format!("/api/v1/sessions?key={}", key.thumbprint());
            send(server.get(path), by.as_ref()).await
        }
        "DELETE /api/v1/sessions/{id}" => {
            let (key, by) = world.about_key(caller, target).await?;
            let browser = sign_in(server, &key).await;
            let path = format!("/api/v1/sessions/{}", browser.id());
            send(server.delete(path), by.as_ref()).await
        }
        _ if target == "by token" => {
            let (method, path) = route.split_once(' ').unwrap();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            send(Call::new(server, method, path), by).await
        }
        _ => {
            let browser = sign_in(server, by?).await;
            let (method, path) = route.split_once(' ').unwrap();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            Some(browser.call(server, method, path).send().await)
        }
    }
}

async fn submission(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let nothing = Hash::of(b"new");
    let (id, file, (commitment, openings)) = match target {
        "new" => (new_id(), nothing, (nothing, nothing)),
        _ => {
            let (_, work) = world.work(caller, target)?;
            (work.id, work.file(), work.deliverable())
        }
    };
    let purpose = if target.ends_with("no purpose") { "" } else { "?purpose=audit" };
    let content = format!("sent by {}", caller.name).into_bytes();
    let path = |rest: String| format!("/api/v1/submissions/{id}{rest}");
    let named = path(format!("/files/{}", Hash::of(&content)));
    let call = match route {
        "GET /api/v1/submissions/{id}" => server.get(path(String::new())),
        "GET /api/v1/submissions/{id}/custody" => server.get(path(format!("/custody{purpose}"))),
        "GET /api/v1/submissions/{id}/pack" => server.get(path(format!("/pack{purpose}"))),
        "POST /api/v1/submissions/{id}/clearance" => {
            server.post(path("/clearance".into())).json(&json!({ "purposes": ["training"] }))
        }
        "PUT /api/v1/submissions/{id}/payloads/{sha256}" => {
            let payload = effort(server.service.policies().clauses(), id).to_bytes();
            server.put(path(format!("/payloads/{}", Hash::of(&payload)))).body(payload)
        }
        "PUT /api/v1/submissions/{id}/manifests/{commitment}" => {
            let body = json!({ "openings": openings.to_hex() });
            server.put(path(format!("/manifests/{commitment}"))).json(&body)
        }
        "POST /api/v1/submissions/{id}/files/missing" => {
            let question = json!({ "sha256": [file.to_hex()] });
            server.post(path("/files/missing".into())).json(&question)
        }
        "GET /api/v1/submissions/{id}/files/{sha256}" => {
            server.get(path(format!("/files/{file}{purpose}")))
        }
        "HEAD /api/v1/submissions/{id}/files/{sha256}" => {
            Call::new(server, Method::HEAD, path(format!("/files/{file}")))
        }
        "PUT /api/v1/submissions/{id}/files/{sha256}" => server.put(named).body(content),
        "PATCH /api/v1/submissions/{id}/files/{sha256}" => Call::new(server, Method::PATCH, named)
            .header("content-type", "application/partial-upload")
            .header("upload-offset", 0)
            .header("upload-complete", "?1")
            .body(content),
        "POST /api/v1/submissions/{id}/files" => {
            let item = |bytes: &[u8]| crate::support::cbor(&bytes.to_vec().into());
            let body = [item(Hash::of(&content).as_bytes()), item(&content)].concat();
            server
                .post(path("/files".into()))
                .header("content-type", "application/cbor-seq")
                .body(body)
        }
        other => unreachable!("{other}"),
    };
    send(call, caller.key.as_ref()).await
}

/// The signature on a statement is who calls: nobody's key is not enrolled.
async fn statement(world: &World, path: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let signer = caller.key();
    let (kind, about) = target.split_once(", ").unwrap();
    if kind.starts_with("hold") || kind.starts_with("case") {
        let draft = matters::statement(world, kind, about, &signer).await;
        return Some(server.post(path).cose(&draft.signed(&signer).encode()).send().await);
    }
    let policies = server.service.policies();
    let clauses = policies.clauses();
    let id = match about {
        "new" | "pilot" | "another program" => new_id(),
        _ => world.work(caller, about)?.1.id,
    };
    let draft = match kind {
        "effort" => server.draft_about(&signer, id),
        "withdrawal" => {
            let payload = withdrawal(clauses, id, Scope::Everything).to_bytes();
            Draft::new(&signer, id, payload, server.now())
        }
        "review" => {
            let (owner, work) = world.work(caller, about)?;
            let leaves = work.leaves(server, owner).await;
            review(server, &signer, id, &leaves, false)
        }
        _ => {
            let lost = world.fresh(caller, about).await?;
            approve(server, caller, &signer, &lost, World::program(about))
        }
    };
    Some(server.post(path).cose(&draft.signed(&signer).encode()).send().await)
}

/// In the capacity that the caller has, if it is an officer's.
fn approve(
    server: &Server,
    caller: &Caller,
    signer: &Member,
    lost: &Member,
    program: &str,
) -> Draft {
    let capacity = if caller.name == "legal" { Role::Legal } else { Role::Admin };
    let draft = approval(server, (signer, capacity), lost, &Member::new());
    match program {
        "pilot" => draft,
        other => draft.edit("\"program\":\"pilot\"", &format!("\"program\":\"{other}\"")),
    }
}

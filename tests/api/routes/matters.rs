//! Requests about holds, cases and notices.

use uuid::Uuid;

use super::world::{Caller, Matter, World, send};
use crate::{
    support::{
        Answer, Draft, Member, Server, Step, case_approval, case_step, hold, hold_on, hold_release,
    },
    takedown::{matter_id, notice},
};

pub async fn request(world: &World, route: &str, target: &str, caller: &Caller) -> Option<Answer> {
    let server = &world.server;
    let call = match route {
        "POST /api/v1/notices" => {
            server.post("/api/v1/notices").json(&notice(server, "dsa-notice"))
        }
        "GET /api/v1/notices/{secret}" => {
            let sent = server.post("/api/v1/notices").json(&notice(server, "dsa-notice"));
            let sent = sent.send().await.status(201).json();
            server.get(sent["link"].as_str().unwrap().strip_prefix(&server.url).unwrap())
        }
        "POST /api/v1/cases" => {
            let received = serde_json::json!({ "ground": "gdpr-erasure", "received": "A letter." });
            server.post("/api/v1/cases").json(&received)
        }
        "GET /api/v1/cases/{id}" => {
            server.get(format!("/api/v1/cases/{}", world.matter(target).case))
        }
        "GET /api/v1/cases/{id}/messages" => {
            server.get(format!("/api/v1/cases/{}/messages", world.matter(target).case))
        }
        "PUT /api/v1/cases/{id}/list" => {
            let id = world.works_in(target);
            let call = server.put(format!("/api/v1/cases/{}/list", world.matter(target).case));
            call.header("content-type", "text/plain").body(format!("{id}\n"))
        }
        "GET /api/v1/holds/{id}" => {
            let id = placed(server, world.matter(target), World::program(target)).await;
            server.get(format!("/api/v1/holds/{id}"))
        }
        _ => server.get(route.split_once(' ').unwrap().1),
    };
    send(call, caller.key.as_ref()).await
}

/// On something that no other row of the table is about.
fn hold_in(server: &Server, officer: &Member, held: Uuid, program: &str) -> (Uuid, Draft) {
    let id = matter_id();
    let draft = hold(server, officer, id, hold_on(&[held]));
    match program {
        "pilot" => (id, draft),
        other => {
            let to = format!("\"program\":\"{other}\"");
            (id, draft.edit("\"program\":\"pilot\"", &to))
        }
    }
}

/// A new hold by the program's officer.
async fn placed(server: &Server, matter: &Matter, program: &str) -> Uuid {
    let (id, draft) = hold_in(server, &matter.officer, matter.withdrawn, program);
    server.send(&draft, &matter.officer).await.status(201);
    id
}

pub async fn statement(world: &World, kind: &str, about: &str, signer: &Member) -> Draft {
    let server = &world.server;
    let matter = world.matter(about);
    let shown = server.case(&matter.officer, matter.case).await;
    match kind {
        "hold" => hold_in(server, signer, matter.withdrawn, World::program(about)).1,
        "hold release" => {
            let id = placed(server, matter, World::program(about)).await;
            hold_release(server, signer, id)
        }
        "case step" => {
            let step = match shown["case"]["state"].as_str().unwrap() {
                "acknowledged" => Step::new("needs-info", "identity-unclear"),
                _ => Step::new("acknowledged", "information-received"),
            };
            case_step(server, signer, &shown, &step.because("Who are you?"))
        }
        "case approval" => case_approval(server, signer, &shown),
        other => unreachable!("{other}"),
    }
}

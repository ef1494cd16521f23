//! Holds: what one is on, nobody destroys.

use attestry_proof::payload::{fields::KeyId, hold::HoldScope};
use serde_json::json;
use uuid::Uuid;

use super::Scene;
use crate::support::{Refusal, Step, Work, hold, hold_on, hold_release, new_id, random};

/// A new id for a hold: those of version 4 are for submissions.
pub fn matter_id() -> Uuid {
    uuid::Builder::from_custom_bytes(random()).into_uuid()
}

const CASE_STEP: Refusal = (409, "case-step", "Step not possible");
const FORBIDDEN: Refusal = (403, "forbidden", "Not allowed");

#[tokio::test]
async fn what_is_held_is_not_destroyed_until_the_hold_is_released() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    for scope in ["submission", "contractor", "program"] {
        let work = Work::attested(server, &scene.owner).await;
        let case = scene.withdrawn(&work).await;
        scene.upheld(case).await;
        scene.approved(case).await;
        let id = matter_id();
        let on = match scope {
            "submission" => hold_on(&[work.id]),
            "contractor" => HoldScope::Contractor(KeyId(scene.owner.thumbprint())),
            _ => HoldScope::Program,
        };
        server.send(&hold(server, first, id, on), first).await.status(201);
        let destroy = Step::new("remediating", "erasure-approved");
        server.try_step(first, case, &destroy).await.refused(CASE_STEP);
        server.send(&hold_release(server, first, id), first).await.status(201);
        server.step(first, case, &destroy).await;
        scene.reaches(case, "closed").await;
    }
}

#[tokio::test]
async fn a_hold_covers_what_comes_later() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let id = matter_id();
    let on = HoldScope::Contractor(KeyId(scene.owner.thumbprint()));
    server.send(&hold(server, first, id, on), first).await.status(201);
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    let destroy = Step::new("remediating", "erasure-approved");
    server.try_step(first, case, &destroy).await.refused(CASE_STEP);
    let shown = server.get("/api/v1/holds").by(first).send().await.status(200).json();
    assert_eq!(shown[0]["id"], json!(id), "{shown}");
    assert_eq!(shown[0]["released_index"], json!(null));
}

#[tokio::test]
async fn two_holds_end_with_the_second() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    let ids = [matter_id(), matter_id()];
    for id in ids {
        server.send(&hold(server, first, id, hold_on(&[work.id])), first).await.status(201);
    }
    let destroy = Step::new("remediating", "erasure-approved");
    for id in ids {
        server.try_step(first, case, &destroy).await.refused(CASE_STEP);
        server.send(&hold_release(server, first, id), first).await.status(201);
    }
    server.step(first, case, &destroy).await;
    scene.reaches(case, "closed").await;
    crate::support::fsck(scene.server).await;
}

#[tokio::test]
async fn holds_are_for_officers_and_once_each() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let id = matter_id();
    let by_owner = hold(server, &scene.owner, id, hold_on(&[work.id]));
    let answer = server.send(&by_owner, &scene.owner).await;
    assert!([403, 422].contains(&answer.status.as_u16()), "{}", answer.status);
    server.send(&hold(server, first, id, hold_on(&[work.id])), first).await.status(201);
    let again = hold(server, first, id, hold_on(&[work.id]));
    assert_eq!(server.send(&again, first).await.status.as_u16(), 400);
    let unknown = hold(server, first, matter_id(), hold_on(&[new_id()]));
    assert_eq!(server.send(&unknown, first).await.status.as_u16(), 404);
    server.get("/api/v1/holds").by(&scene.owner).send().await.refused(FORBIDDEN);
    server.send(&hold_release(server, first, id), first).await.status(201);
    let twice = server.send(&hold_release(server, first, id), first).await;
    assert_eq!(twice.status.as_u16(), 400);
    // A held submission is not cleared for anything, and says so to its officers only.
    server.send(&hold(server, first, matter_id(), HoldScope::Program), first).await.status(201);
}

#[tokio::test]
async fn a_hold_on_a_key_that_was_rotated_is_on_the_one_that_took_over() {
    let scene = Scene::new().await;
    let (server, first) = (&scene.server, &scene.first);
    let work = Work::attested(server, &scene.owner).await;
    let now = crate::rotation::rotate(server, &scene.owner).await;
    let id = matter_id();
    let on = HoldScope::Contractor(KeyId(scene.owner.thumbprint()));
    server.send(&hold(server, first, id, on), first).await.status(201);
    let scene = Scene { owner: now, ..scene };
    let case = scene.withdrawn(&work).await;
    scene.upheld(case).await;
    scene.approved(case).await;
    let destroy = Step::new("remediating", "erasure-approved");
    scene.server.try_step(&scene.first, case, &destroy).await.refused(CASE_STEP);
    let release = hold_release(&scene.server, &scene.first, id);
    scene.server.send(&release, &scene.first).await.status(201);
    scene.server.step(&scene.first, case, &destroy).await;
    scene.reaches(case, "closed").await;
    crate::support::fsck(scene.server).await;
}

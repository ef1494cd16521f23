//! Many statements in one request: one result each, in order, whatever becomes of the others.

use attestry::http::routes::statements::BULK_STATEMENTS_MAX;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::support::{Answer, Member, Server};

const MALFORMED: (u16, &str, &str) = (400, "malformed-request", "Malformed request");

async fn send(server: &Server, statements: &[Vec<u8>]) -> Answer {
    let call = server.post("/api/v1/statements").header("content-type", "application/cose-seq");
    call.body(statements.concat()).send().await
}

fn good(server: &Server, member: &Member, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| server.draft(member).signed(member).encode()).collect()
}

#[tokio::test]
async fn each_statement_has_its_own_result_in_order() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let mut statements = good(&server, &member, 6);
    statements[1] = server.draft(&member).claim(3, "other.log").signed(&member).encode();
    let mut broken = server.draft(&member).signed(&member);
    broken.signature[0] ^= 1;
    statements[3] = broken.encode();
    statements[5] = statements[0].clone();
    let size = server.size().0;
    let answer = send(&server, &statements).await.status(200).json();
    let results = answer.as_array().unwrap();
    assert_eq!(results.len(), 6);
    let kind = |at: usize| results[at]["refused"]["type"].as_str().unwrap_or_default();
    assert_eq!(kind(1), "urn:attestry:problem:wrong-audience");
    assert_eq!(kind(3), "urn:attestry:problem:signature-invalid");
    assert_eq!(results[1]["refused"]["status"], 400);
    for at in [0, 2, 4] {
        let receipt = results[at]["registered"]["receipt"].as_str().unwrap();
        let receipt = STANDARD.decode(receipt).unwrap();
        let position = crate::receipts::verify(&server, &receipt, &statements[at]).await;
        assert_eq!(results[at]["registered"]["index"], position.index.0);
    }
    assert_eq!(results[5]["registered"]["index"], results[0]["registered"]["index"]);
    assert_eq!(server.size().0, size + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_as_the_limit_and_not_one_more() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let mut statements = good(&server, &member, BULK_STATEMENTS_MAX + 1);
    let size = server.size();
    let problem = send(&server, &statements).await.refused(MALFORMED);
    assert!(problem["detail"].as_str().unwrap().contains("256"), "{problem}");
    assert_eq!(server.size(), size, "nothing of it is taken");
    statements.pop();
    let answer = send(&server, &statements).await.status(200).json();
    let indices: Vec<u64> = answer.as_array().unwrap().iter().map(index).collect();
    let mut distinct = indices.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), BULK_STATEMENTS_MAX);
    // In the order sent: each result is about its own statement.
    let path = format!("/api/v1/entries/{}", indices[200]);
    let entry = server.get(path).by(&member).send().await.status(200).json();
    let leaf =
        attestry_proof::cose::SignedStatement::parse(&statements[200]).unwrap().0.leaf_hash();
    assert_eq!(entry["leaf_hash"], leaf.to_hex());
}

fn index(result: &Value) -> u64 {
    result["registered"]["index"].as_u64().unwrap_or_else(|| panic!("{result}"))
}

#[tokio::test]
async fn a_sequence_that_cannot_be_cut_is_refused_whole() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let size = server.size();
    let two = good(&server, &member, 2);
    let truncated = vec![two[0].clone(), two[1][..two[1].len() - 1].to_vec()];
    let foreign = vec![two[0].clone(), vec![0x00], two[1].clone()];
    for (statements, words) in [(truncated, "statement 1"), (foreign, "item 1")] {
        let problem = send(&server, &statements).await.refused(MALFORMED);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    assert_eq!(server.size(), size);
    let nothing = send(&server, &[]).await.status(200).json();
    assert_eq!(nothing, Value::Array(vec![]));
}

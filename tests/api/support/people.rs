//! Programs, and people with names in them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Call, Member, Server};

impl Server {
    pub fn delete(&self, path: impl Into<String>) -> Call<'_> {
        Call::new(self, Method::DELETE, path)
    }

    /// Invites whoever has this address into a program.
    pub async fn invite_person(&self, program: &str, roles: &[&str], email: &str) -> String {
        let person = json!({ "name": format!("Name of {email}"), "email": email });
        let body = json!({ "roles": roles, "program": program, "person": person });
        let call = self.post("/api/v1/invitations").json(&body).by(&self.admin);
        call.send().await.status(201).json()["code"].as_str().unwrap().to_owned()
    }

    /// A new key for whoever has this address.
    pub async fn person_in(&self, program: &str, roles: &[&str], email: &str) -> Member {
        let member = Member::new();
        self.enroll(&member, &self.invite_person(program, roles, email).await).await;
        member
    }

    /// The same in the program "pilot".
    pub async fn person(&self, roles: &[&str], email: &str) -> Member {
        self.person_in("pilot", roles, email).await
    }

    /// Asks to enrol a key with a code.
    pub async fn try_enroll(&self, member: &Member, code: &str) -> Answer {
        let body = json!({ "code": code, "public_key": member.public_base64() });
        self.post("/api/v1/keys").json(&body).by(member).send().await
    }

    /// What an invitation's bearer would be enrolled as, to another program than "pilot".
    pub async fn member_of(&self, program: &str, roles: &[&str]) -> Member {
        let body = json!({ "roles": roles, "program": program });
        let call = self.post("/api/v1/invitations").json(&body).by(&self.admin);
        let answer = call.send().await.status(201).json();
        let member = Member::new();
        self.enroll(&member, answer["code"].as_str().unwrap()).await;
        member
    }

    /// Ends a key.
    pub async fn revoke(&self, by: &Member, key: &Member, reason: &str) -> Answer {
        let path = format!("/api/v1/keys/{}/revocation", key.thumbprint());
        self.post(path).json(&json!({ "reason": reason })).by(by).send().await
    }

    /// What the service shows of a submission.
    pub async fn shown(&self, by: &Member, id: uuid::Uuid) -> Value {
        let path = format!("/api/v1/submissions/{id}");
        self.get(path).by(by).send().await.status(200).json()
    }
}

//! What is asked of a service about notices, cases and holds.

use reqwest::Method;
use uuid::Uuid;

use super::super::{client::Client, output::Failure};
use crate::http::routes::{
    cases::{CaseDetails, CaseInfo, CaseOpenedInfo, HoldInfo, ListInfo, OpenCaseRequest},
    notices::{NoticeAnswer, NoticeRequest, PublicCaseInfo},
};

impl Client {
    /// Cases of the caller's program.
    ///
    /// # Errors
    /// A [`Failure`] unless the caller is a legal officer.
    pub async fn cases(&self) -> Result<Vec<CaseInfo>, Failure> {
        self.get_signed("/api/v1/cases").await
    }

    /// One case.
    ///
    /// # Errors
    /// As [`Client::cases`].
    pub async fn case(&self, id: Uuid) -> Result<CaseDetails, Failure> {
        self.get_signed(&format!("/api/v1/cases/{id}")).await
    }

    /// Opens a case; answers with its id.
    ///
    /// # Errors
    /// As [`Client::cases`], or if there is no such ground.
    pub async fn open_case(&self, ground: &str, received: String) -> Result<Uuid, Failure> {
        let request = OpenCaseRequest { ground: ground.to_owned(), received };
        let opened: CaseOpenedInfo =
            self.send_json(Method::POST, "/api/v1/cases", &request).await?;
        Ok(opened.case)
    }

    /// Keeps a list for a step to come: one line for each submission or file.
    ///
    /// # Errors
    /// As [`Client::cases`], or if a line is none.
    pub async fn keep_case_list(
        &self,
        id: Uuid,
        mut lines: Vec<String>,
    ) -> Result<ListInfo, Failure> {
        lines.sort_unstable();
        lines.dedup();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let path = format!("/api/v1/cases/{id}/list");
        self.send_bytes(Method::PUT, &path, ("text/plain", text.into_bytes())).await
    }

    /// Holds of the caller's program.
    ///
    /// # Errors
    /// As [`Client::cases`].
    pub async fn holds(&self) -> Result<Vec<HoldInfo>, Failure> {
        self.get_signed("/api/v1/holds").await
    }

    /// One hold.
    ///
    /// # Errors
    /// As [`Client::cases`].
    pub async fn hold(&self, id: Uuid) -> Result<HoldInfo, Failure> {
        self.get_signed(&format!("/api/v1/holds/{id}")).await
    }

    /// Sends a notice.
    ///
    /// # Errors
    /// A [`Failure`] if the form is not complete, or too many came.
    pub async fn send_notice(&self, notice: &NoticeRequest) -> Result<NoticeAnswer, Failure> {
        self.post_unsigned("/api/v1/notices", notice).await
    }

    /// The case of a link.
    ///
    /// # Errors
    /// A [`Failure`] if no case has it.
    pub async fn follow_notice(&self, secret: &str) -> Result<PublicCaseInfo, Failure> {
        self.get(&format!("/api/v1/notices/{secret}")).await
    }
}

//! What is asked of a service about notices, cases and holds.

use reqwest::Method;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::super::{client::Client, output::Failure};
use crate::http::routes::{
    cases::{CaseDetails, CaseInfo, CaseOpenedInfo, HoldInfo, ListInfo, OpenCaseRequest},
    notices::{NoticeAnswer, NoticeRequest, PublicCaseInfo},
};

impl Client {
    /// Cases of the caller's program, all of them, newest first.
    ///
    /// # Errors
    /// A [`Failure`] unless the caller is a legal officer.
    pub async fn cases(&self) -> Result<Vec<CaseInfo>, Failure> {
        self.pages("/api/v1/cases", |case: &CaseInfo| case.opened_index).await
    }

    /// Follows a list page by page; `position` says where the next one begins.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        position: impl Fn(&T) -> u64,
    ) -> Result<Vec<T>, Failure> {
        let mut all: Vec<T> = self.get_signed(path).await?;
        while let Some(last) = all.last().map(&position) {
            let page: Vec<T> = self.get_signed(&format!("{path}?before={last}")).await?;
            // A service that goes back, or in a circle, is not followed.
            if page.is_empty() || page.iter().any(|it| position(it) >= last) {
                break;
            }
            all.extend(page);
        }
        Ok(all)
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

    /// Holds of the caller's program, all of them, newest first.
    ///
    /// # Errors
    /// As [`Client::cases`].
    pub async fn holds(&self) -> Result<Vec<HoldInfo>, Failure> {
        self.pages("/api/v1/holds", |hold: &HoldInfo| hold.placed_index).await
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

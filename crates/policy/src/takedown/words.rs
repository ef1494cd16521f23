//! The words that the rules are written in.

use crate::words::{Role, words};

words! {
    /// Where a case stands.
    State {
        /// An objection came in.
        Received = "received",
        /// Whoever objects was told so.
        Acknowledged = "acknowledged",
        /// Something is missing from the objection, and was asked for.
        NeedsInfo = "needs-info",
        /// It is clear what is objected to, and on which ground.
        Triaged = "triaged",
        /// What is objected to is locked.
        Quarantined = "quarantined",
        /// It is being decided.
        Reviewing = "reviewing",
        /// The objection is right.
        Upheld = "upheld",
        /// It is right for a part.
        PartlyUpheld = "partly-upheld",
        /// It is not right.
        Rejected = "rejected",
        /// Content is being destroyed here.
        Remediating = "remediating",
        /// What follows is being done by whoever received a copy.
        Propagating = "propagating",
        /// Nothing is left to do.
        Closed = "closed",
        /// Whoever submitted the content objects to the objection.
        Countered = "countered",
        /// The content is back.
        Restored = "restored",
        /// The case is looked at again.
        Reopened = "reopened",
    }
}

words! {
    /// What must be there before a step is taken. Whoever asks finds out; the rules only compare.
    Need {
        /// A reason code that the transition lists.
        ReasonCode = "reason-code",
        /// The ground, stated by whoever takes the step.
        Ground = "ground",
        /// The notice, with every field that its form requires.
        Notice = "notice",
        /// Proof that the acknowledgement went out.
        Acknowledgement = "acknowledgement",
        /// What is asked of whoever objects, written out.
        Question = "question",
        /// What was asked for.
        Answer = "answer",
        /// The list of what is concerned.
        Concerned = "concerned",
        /// What is concerned is locked.
        Locked = "locked",
        /// What the step rests on, by digest.
        Evidence = "evidence",
        /// The reasons, written out for those who are told.
        StatementOfReasons = "statement-of-reasons",
        /// Agreement of another officer than the one who decided.
        SecondOfficer = "second-officer",
        /// No hold is on anything concerned.
        NoHold = "no-hold",
        /// A time that must pass first has passed.
        WaitingTimeOver = "waiting-time-over",
        /// Everything that was ordered to be erased is erased.
        Erased = "erased",
        /// What is concerned still exists.
        ContentKept = "content-kept",
        /// No recipient is left that has neither confirmed nor been escalated.
        RecipientsSettled = "recipients-settled",
        /// A counter-notice, with every field that its form requires.
        CounterNotice = "counter-notice",
    }
}

words! {
    /// Who takes a step.
    Actor {
        /// The service, where nobody decides anything.
        Service = "service",
        /// Whoever decides on the ground of the case.
        Deciders = "deciders",
        /// A contractor.
        Contractor = "contractor",
        /// A reviewer.
        Reviewer = "reviewer",
        /// A legal officer.
        Legal = "legal",
        /// A consumer of releases.
        Consumer = "consumer",
        /// An administrator.
        Admin = "admin",
        /// An auditor.
        Auditor = "auditor",
    }
}

words! {
    /// A field of a form.
    Field {
        /// Name of whoever objects.
        Claimant = "claimant",
        /// In which capacity: owner, agent, data subject, counsel.
        Capacity = "capacity",
        /// Where whoever objects can be written to by e-mail.
        ContactEmail = "contact-email",
        /// Postal address.
        ContactAddress = "contact-address",
        /// Telephone number.
        ContactTelephone = "contact-telephone",
        /// The work said to be infringed.
        Work = "work",
        /// The content objected to, and what helps to find it.
        Material = "material",
        /// Employer or client whose work it is said to be.
        Employer = "employer",
        /// Title of the content.
        WorkTitle = "work-title",
        /// A few words of the content.
        Excerpt = "excerpt",
        /// The content, or a document about it, as a file.
        Attachment = "attachment",
        /// Number of the submission, if known.
        Submission = "submission",
        /// Why the content is unlawful.
        Explanation = "explanation",
        /// Which law is said to be broken.
        LegalBasis = "legal-basis",
        /// Which of the grounds in GDPR Article 17(1) applies.
        ErasureGround = "erasure-ground",
        /// What ties whoever objects to the personal data.
        Relation = "relation",
        /// How identity can be checked.
        IdentityProof = "identity-proof",
        /// The secret, in general terms.
        SecretDescription = "secret-description",
        /// What was done to keep it secret.
        SecrecyMeasures = "secrecy-measures",
        /// Court and number of the proceedings.
        CourtReference = "court-reference",
        /// Date of the order.
        OrderDate = "order-date",
        /// Day by which the order must be followed.
        OrderDue = "order-due",
        /// Belief in good faith that the use is not permitted, or that what is said is true.
        GoodFaith = "good-faith",
        /// That the notice is accurate, under penalty of perjury where the law says so.
        Accuracy = "accuracy",
        /// Belief in good faith that removal was a mistake, under penalty of perjury.
        Mistake = "mistake",
        /// Consent to the jurisdiction of a court, and to service of process.
        Jurisdiction = "jurisdiction",
        /// Signature, on paper or electronic.
        Signature = "signature",
    }
}

words! {
    /// How a field is filled in.
    FieldKind {
        /// One line.
        Line = "line",
        /// Many lines.
        Text = "text",
        /// An e-mail address.
        Email = "email",
        /// A day.
        Date = "date",
        /// A file.
        File = "file",
        /// One of several words that the rules list.
        Choice = "choice",
        /// A sentence that is agreed to.
        Agreement = "agreement",
    }
}

words! {
    /// What is done with content when an objection is right.
    Remedy {
        /// It is destroyed.
        Erase = "erase",
        /// It stays locked.
        Restrict = "restrict",
        /// Nothing is done with it.
        NoRemedy = "none",
    }
}

words! {
    /// When content is locked.
    Quarantine {
        /// As soon as the case is there and the content is known; nothing is decided before.
        OnReceipt = "on-receipt",
        /// With the decision, unless an officer does it before.
        OnDecision = "on-decision",
    }
}

words! {
    /// What the public is told of a ground.
    PublicClass {
        /// Copyright.
        Copyright = "copyright",
        /// Content said to be unlawful.
        IllegalContent = "illegal-content",
        /// Personal data.
        PersonalData = "personal-data",
        /// Something that somebody may keep to themselves.
        Confidentiality = "confidentiality",
        /// Consent taken back.
        Withdrawal = "withdrawal",
        /// An order of a court or authority.
        Order = "order",
        /// The time for which content is kept is over.
        Retention = "retention",
    }
}

words! {
    /// What a time is counted in.
    Unit {
        /// Days of the calendar.
        Days = "days",
        /// Days on which business is done.
        BusinessDays = "business-days",
        /// Months of the calendar.
        Months = "months",
    }
}

words! {
    /// Where the length of a time comes from.
    SetBy {
        /// The law says this number.
        Law = "law",
        /// The law says none, such as "without undue delay"; the house set itself one.
        House = "house",
    }
}

words! {
    /// What happens to a fixed holiday that falls on a day without business.
    Observed {
        /// Nothing.
        SameDay = "same-day",
        /// A Saturday moves to the Friday before, a Sunday to the Monday after.
        NearestWeekday = "nearest-weekday",
        /// It moves to the next day with business that is no holiday.
        NextBusinessDay = "next-business-day",
    }
}

impl State {
    /// Whether the case is over. It can only be looked at again, or objected to.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed)
    }

    /// Whether an officer has decided the objection.
    #[must_use]
    pub const fn is_outcome(self) -> bool {
        matches!(self, Self::Upheld | Self::PartlyUpheld | Self::Rejected)
    }
}

impl Actor {
    /// The role, for an actor that is one.
    #[must_use]
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Service | Self::Deciders => None,
            Self::Contractor => Some(Role::Contractor),
            Self::Reviewer => Some(Role::Reviewer),
            Self::Legal => Some(Role::Legal),
            Self::Consumer => Some(Role::Consumer),
            Self::Admin => Some(Role::Admin),
            Self::Auditor => Some(Role::Auditor),
        }
    }
}

impl Field {
    /// How it is filled in.
    #[must_use]
    pub const fn kind(self) -> FieldKind {
        match self {
            Self::ContactEmail => FieldKind::Email,
            Self::OrderDate | Self::OrderDue => FieldKind::Date,
            Self::Attachment => FieldKind::File,
            Self::ErasureGround => FieldKind::Choice,
            Self::GoodFaith | Self::Accuracy | Self::Mistake | Self::Jurisdiction => {
                FieldKind::Agreement
            }
            Self::Claimant
            | Self::Capacity
            | Self::ContactTelephone
            | Self::Employer
            | Self::WorkTitle
            | Self::Submission
            | Self::CourtReference
            | Self::Signature => FieldKind::Line,
            Self::ContactAddress
            | Self::Work
            | Self::Material
            | Self::Excerpt
            | Self::Explanation
            | Self::LegalBasis
            | Self::Relation
            | Self::IdentityProof
            | Self::SecretDescription
            | Self::SecrecyMeasures => FieldKind::Text,
        }
    }
}

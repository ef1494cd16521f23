//! Notices: what readers find by structure and not by a pattern. Their words are data like rules.

use super::{RuleError, Trouble, Wording};
use crate::finding::Channel;

macro_rules! notices {
    ($($name:ident = $id:literal in $channel:ident,)+) => {
        /// What a reader can find without a pattern.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Notice {
            $(#[doc = $id] $name,)+
        }

        impl Notice {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            pub(crate) const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }

            /// The channel that a finding of this notice stands in.
            pub(crate) const fn channel(self) -> Channel {
                match self {
                    $(Self::$name => Channel::$channel,)+
                }
            }
        }
    };
}

notices! {
    TrackedDeletion = "hidden.tracked-deletion" in TrackedDeletion,
    TrackedInsertion = "hidden.tracked-insertion" in TrackedInsertion,
    TrackedChange = "hidden.tracked-change" in TrackedChange,
    Comment = "hidden.comment" in Comment,
    Author = "hidden.author" in Author,
    HiddenText = "hidden.text" in HiddenText,
    WhiteText = "hidden.white-text" in WhiteText,
    TinyText = "hidden.tiny-text" in TinyText,
    HiddenSheet = "hidden.sheet" in HiddenSheet,
    VeryHiddenSheet = "hidden.very-hidden-sheet" in VeryHiddenSheet,
    HiddenRow = "hidden.row" in HiddenRow,
    HiddenColumn = "hidden.column" in HiddenColumn,
    DefinedName = "hidden.defined-name" in DefinedName,
    HiddenSlide = "hidden.slide" in HiddenSlide,
    Notes = "hidden.notes" in Notes,
    OffSlide = "hidden.off-slide" in OffSlide,
    HeaderFooter = "hidden.header-footer" in HeaderFooter,
    CustomXml = "hidden.custom-xml" in CustomXml,
    Property = "metadata.property" in Property,
    Template = "metadata.template" in Template,
    RevisionId = "metadata.revision-ids" in RevisionId,
    ExternalLink = "hidden.external-link" in ExternalLink,
    Connection = "hidden.connection" in Connection,
    Cache = "hidden.cache" in Cache,
    Embedded = "hidden.embedded" in Embedded,
    Macro = "hidden.macro" in Macro,
    Thumbnail = "hidden.thumbnail" in Thumbnail,
    Output = "hidden.notebook-output" in Output,
    MessageHeader = "metadata.message-header" in Metadata,
    TypeMismatch = "file.type-mismatch" in FileName,
    Encrypted = "file.encrypted" in Visible,
    Bomb = "file.bomb" in Visible,
    Broken = "file.broken" in Visible,
    Encoding = "file.encoding" in Visible,
    UnsafeName = "file.unsafe-name" in FileName,
    ArchiveComment = "hidden.archive-comment" in Comment,
    ArchiveOwner = "metadata.archive-owner" in Metadata,
    TrailingBytes = "hidden.trailing-bytes" in Metadata,
    DenyList = "deny-list.term" in Visible,
    // Compound files of older Office, OpenDocument, RTF.
    Remnant = "hidden.remnant" in Remnant,
    EarlierText = "hidden.earlier-text" in Remnant,
    Version = "hidden.version" in Version,
    SaveHistory = "metadata.save-history" in Metadata,
    SourcePath = "metadata.source-path" in Metadata,
    Printer = "metadata.printer" in Metadata,
    Signature = "metadata.signature" in Metadata,
    MarkupComment = "hidden.markup-comment" in Comment,
    // Newer Office.
    ArchiveGap = "hidden.archive-gap" in OtherPart,
    PrinterSettings = "metadata.printer-settings" in Metadata,
    // PDF.
    CoveredText = "hidden.covered-text" in CoveredText,
    TextUnderImage = "hidden.text-under-image" in CoveredText,
    TextUnderText = "hidden.text-under-text" in CoveredText,
    InvisibleText = "hidden.invisible-text" in InvisibleText,
    OcrLayer = "hidden.ocr-layer" in InvisibleText,
    OffPage = "hidden.off-page" in OffPage,
    UnappliedRedaction = "hidden.unapplied-redaction" in CoveredText,
    LayerText = "hidden.layer" in Layer,
    EarlierRevision = "hidden.earlier-revision" in EarlierRevision,
    IncrementalUpdate = "metadata.incremental-update" in Metadata,
    Orphan = "hidden.orphaned-object" in Orphan,
    Script = "hidden.script" in Macro,
    Xfa = "hidden.xfa" in Form,
    HiddenField = "hidden.form-field" in Form,
    PrivateData = "hidden.private-data" in Metadata,
    EmptyPassword = "file.empty-password" in Visible,
    OutsideBytes = "hidden.outside-bytes" in Orphan,
    // Pictures.
    PicturePosition = "metadata.picture-position" in Position,
    PictureOwner = "metadata.picture-owner" in Author,
    PictureSerial = "metadata.picture-serial" in Metadata,
    PictureMetadata = "metadata.picture" in Metadata,
    PictureCaption = "metadata.picture-caption" in Metadata,
    PictureHistory = "metadata.picture-history" in Metadata,
    PicturePath = "metadata.picture-path" in Metadata,
    MakerNote = "metadata.maker-note" in Metadata,
    PictureComment = "hidden.picture-comment" in Comment,
    OtherThumbnail = "hidden.other-thumbnail" in Thumbnail,
    SecondPicture = "hidden.second-picture" in Embedded,
    PictureRemainder = "hidden.picture-remainder" in HiddenPixels,
    PictureTrailing = "hidden.picture-trailing-bytes" in Embedded,
    TransparentPixels = "hidden.transparent-pixels" in HiddenPixels,
    CroppedPicture = "hidden.cropped-picture" in HiddenPixels,
    Frames = "hidden.frames" in HiddenPixels,
    // Repositories and files that hold credentials.
    GitHistory = "hidden.git-history" in History,
    GitDeletedFile = "hidden.git-deleted-file" in History,
    GitOldVersion = "hidden.git-old-version" in History,
    GitUnreachable = "hidden.git-unreachable" in History,
    GitStash = "hidden.git-stash" in History,
    GitBranch = "hidden.git-branch" in History,
    GitNote = "hidden.git-note" in History,
    GitStaged = "hidden.git-staged" in History,
    GitHook = "hidden.git-hook" in History,
    GitIdentity = "metadata.git-identity" in Author,
    GitSignature = "metadata.git-signature" in Author,
    GitRemote = "metadata.git-remote" in ExternalLink,
    GitSubmodule = "metadata.git-submodule" in ExternalLink,
    GitWrongId = "file.git-wrong-id" in Metadata,
    GitLargeFile = "file.git-large-file" in ExternalLink,
    Credentials = "file.credentials" in FileName,
    CommandHistory = "file.history" in FileName,
    Leftover = "file.leftover" in FileName,
    FreePages = "hidden.free-pages" in OtherPart,
    // Messages of Outlook.
    BlindCopy = "hidden.blind-copy" in Metadata,
    MessageProperty = "metadata.message-property" in Metadata,
    ConversationIndex = "metadata.conversation-index" in Metadata,
    // Texts.
}

impl Notice {
    fn of(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|notice| notice.id() == id)
    }
}

/// Wordings by id, as they come from the files, in the order of the notices.
pub(super) fn complete(
    mut given: Vec<(String, String, Wording)>,
) -> Result<Vec<Wording>, RuleError> {
    if let Some((file, id, _)) = given.iter().find(|(_, id, _)| Notice::of(id).is_none()) {
        return Err(RuleError::new(file, Some(id), Trouble::UnknownNotice));
    }
    let mut wordings = Vec::new();
    for notice in Notice::ALL {
        let at = given
            .iter()
            .position(|(_, id, _)| id == notice.id())
            .ok_or_else(|| RuleError::new("", Some(notice.id()), Trouble::NoWording))?;
        wordings.push(given.swap_remove(at).2);
    }
    match given.first() {
        Some((file, id, _)) => Err(RuleError::new(file, Some(id), Trouble::SameId)),
        None => Ok(wordings),
    }
}

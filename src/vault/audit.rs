//! What a checker asks of the vault: whether what is on record is there, whole and under its key.

use attestry_proof::hash::Hash;
use futures_util::{StreamExt as _, stream::BoxStream};
use object_store::path::Path;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Vault, VaultError, keys::ObjectKey, object::ObjectError, read, stream::PartPlace};
use crate::store::files::{ObjectId, Part, Place, StoredFile};

/// A part of an object as it lies in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredPart {
    /// A part by object and number.
    Part {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
    },
    /// Something the vault did not put there.
    Foreign {
        /// Its path in the object store.
        path: String,
    },
}

impl Vault {
    /// Checks a stored file without opening its content: its key opens, its parts fill it, and each
    /// lies in the object store with the right length and a header of this key and place.
    ///
    /// # Errors
    /// The first [`VaultError`] that reading the file would meet, but for changes within the
    /// content.
    pub async fn check_file(
        &self,
        subject: Uuid,
        sha256: Hash,
        file: &StoredFile,
    ) -> Result<(), VaultError> {
        let key = self.object_key(subject, file.object).await?;
        match &file.place {
            Place::Parts(parts) => {
                if !read::is_contiguous(parts, file.size) {
                    return Err(VaultError::PartsDisagree { object: file.object });
                }
                self.check_parts(&key, (subject, file.object, sha256), parts).await
            }
            Place::Packed { pack, offset } => {
                let part = Part { number: 0, start: 0, length: file.size };
                let place = place(subject, file.object, sha256, part);
                let packed = Some((*pack, *offset));
                self.objects().read_part(&key, place, file.size, packed).await?;
                Ok(())
            }
        }
    }

    /// Checks the parts of a file that is still arriving, as [`Vault::check_file`] does; answers
    /// with the bytes on record.
    ///
    /// # Errors
    /// As [`Vault::check_file`].
    pub async fn check_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        object: ObjectId,
    ) -> Result<u64, VaultError> {
        let key = self.object_key(subject, object).await?;
        let parts = self.files().parts(object).await?;
        let received = parts.last().map_or(0, |part| part.start.saturating_add(part.length));
        if !read::is_contiguous(&parts, received) {
            return Err(VaultError::PartsDisagree { object });
        }
        self.check_parts(&key, (subject, object, sha256), &parts).await?;
        Ok(received)
    }

    /// Opens a whole stored file, holding one window of it, and answers with the SHA-256 of what
    /// came out.
    ///
    /// # Errors
    /// As [`Vault::open_file`].
    pub async fn hash_file(&self, subject: Uuid, sha256: Hash) -> Result<Hash, VaultError> {
        let mut pieces = self.open_file(subject, sha256, None).await?.into_stream();
        let mut hasher = Sha256::new();
        while let Some(piece) = pieces.next().await {
            hasher.update(&piece?);
        }
        Ok(Hash(hasher.finalize().into()))
    }

    /// Everything in the object store, in no particular order.
    pub fn stored_parts(&self) -> BoxStream<'static, Result<StoredPart, object_store::Error>> {
        let listed = self.parts().objects.list(None);
        listed.map(|meta| meta.map(|meta| part_of(&meta.location))).boxed()
    }

    /// The files on record of a submission and digest, with their place.
    ///
    /// # Errors
    /// [`VaultError::Files`].
    pub async fn file_record(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> Result<Option<StoredFile>, VaultError> {
        Ok(self.files().file(subject, sha256).await?)
    }

    async fn check_parts(
        &self,
        key: &ObjectKey,
        (subject, object, sha256): (Uuid, ObjectId, Hash),
        parts: &[Part],
    ) -> Result<(), VaultError> {
        for part in parts {
            let place = place(subject, object, sha256, *part);
            self.objects().read_part(key, place, part.length, None).await?;
        }
        Ok(())
    }
}

impl VaultError {
    /// The object and part at fault, if it is one.
    #[must_use]
    pub const fn object(&self) -> Option<(ObjectId, Option<u32>)> {
        match self {
            Self::ObjectKeyGone { object }
            | Self::ObjectKey { object, .. }
            | Self::PartsDisagree { object }
            | Self::Object(ObjectError::Store { object, .. }) => Some((*object, None)),
            Self::Object(
                ObjectError::Missing { object, part }
                | ObjectError::Length { object, part, .. }
                | ObjectError::Format { object, part }
                | ObjectError::Misplaced { object, part }
                | ObjectError::OtherKey { object, part }
                | ObjectError::Chunk { object, part, .. },
            ) => Some((*object, Some(*part))),
            _ => None,
        }
    }
}

const fn place(subject: Uuid, object: ObjectId, sha256: Hash, part: Part) -> PartPlace {
    PartPlace { subject, object, part: part.number, start: part.start, sha256 }
}

/// Reads a path back in exactly the form that parts are written to.
fn part_of(path: &Path) -> StoredPart {
    let mut names = path.as_ref().split('/');
    let part = (|| {
        let ("objects", object, part) = (names.next()?, names.next()?, names.next()?) else {
            return None;
        };
        let object = ObjectId(Uuid::try_parse(object).ok()?);
        Some((object, part.parse().ok()?))
    })();
    match part {
        Some((object, part))
            if names.next().is_none() && super::object::part_path(object, part) == *path =>
        {
            StoredPart::Part { object, part }
        }
        _ => StoredPart::Foreign { path: path.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_paths_of_parts_are_parts() {
        let object = ObjectId(Uuid::from_u128(0xabc));
        let path = super::super::object::part_path(object, 7);
        assert_eq!(part_of(&path), StoredPart::Part { object, part: 7 });
        let upper = path.to_string().to_uppercase().replace("OBJECTS", "objects");
        for foreign in [
            upper,
            format!("{path}/1"),
            format!("other/{object}/7"),
            format!("objects/{object}/07"),
        ] {
            let path = Path::from(foreign.clone());
            assert_eq!(part_of(&path), StoredPart::Foreign { path: foreign });
        }
    }
}

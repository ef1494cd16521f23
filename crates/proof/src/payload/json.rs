//! Strict JSON: bounded, UTF-8, no unknown, repeated or respelled members.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, error::Category};

use super::error::{JsonFault, MemberName, PayloadError};

/// Decodes `text` into `T`; every object of `T` must refuse unknown members by itself.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, PayloadError> {
    serde_json::from_str(text).map_err(|error| PayloadError::Json {
        fault: fault(&error),
        line: error.line(),
        column: error.column(),
    })
}

/// Compact JSON with members in the order of the declaration: the same value, the same bytes.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Serialising fails for maps with keys that are not strings; payload types hold no maps.
    serde_json::to_vec(value).expect("payload types hold no maps")
}

/// Requires that `text` says what `value` says, member by member, up to absent and `null` members.
///
/// Without it an array could stand for an object and `{"none":null}` for `"none"`.
pub(super) fn require_plain<T: Serialize>(text: &str, value: &T) -> Result<(), PayloadError> {
    let canonical = encode(value);
    if canonical == text.as_bytes() {
        return Ok(());
    }
    let canonical: Option<Value> = serde_json::from_slice(&canonical).ok();
    let given: Option<Value> = serde_json::from_str(text).ok();
    if given.map(without_nulls) == canonical.map(without_nulls) {
        Ok(())
    } else {
        Err(PayloadError::Respelled)
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name, without_nulls(member)))
                .collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Which fault it is. serde reports a member's name only inside its message, hence the prefixes.
fn fault(error: &serde_json::Error) -> JsonFault {
    type Fault = fn(MemberName) -> JsonFault;
    const NAMED: [(&str, Fault); 3] = [
        ("missing field `", JsonFault::MissingMember),
        ("unknown field `", JsonFault::UnknownMember),
        ("duplicate field `", JsonFault::RepeatedMember),
    ];
    match error.classify() {
        Category::Syntax | Category::Io => JsonFault::Syntax,
        Category::Eof => JsonFault::Truncated,
        Category::Data => {
            let message = error.to_string();
            NAMED
                .iter()
                .find_map(|(prefix, fault)| {
                    let (name, _) = message.strip_prefix(prefix)?.split_once('`')?;
                    Some(fault(MemberName::new(name)))
                })
                .unwrap_or(JsonFault::Value)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        first: u32,
        second: Option<Choice>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    enum Choice {
        None,
        Some { digit: u8 },
    }

    fn fault_of(text: &str) -> JsonFault {
        match decode::<Pair>(text) {
            Err(PayloadError::Json { fault, .. }) => fault,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        let name = MemberName::new;
        assert_eq!(fault_of("{\"first\":1"), JsonFault::Truncated);
        assert_eq!(fault_of("{\"first\" 1}"), JsonFault::Syntax);
        assert_eq!(fault_of("{\"first\":1} x"), JsonFault::Syntax);
        assert_eq!(fault_of("{}"), JsonFault::MissingMember(name("first")));
        assert_eq!(fault_of("{\"first\":1,\"third\":1}"), JsonFault::UnknownMember(name("third")));
        assert_eq!(fault_of("{\"first\":1,\"first\":1}"), JsonFault::RepeatedMember(name("first")));
        for value in ["-1", "1.0", "1e0", "\"1\"", "null", "4294967296"] {
            assert_eq!(fault_of(&format!("{{\"first\":{value}}}")), JsonFault::Value);
        }
        assert_eq!(fault_of(&"[".repeat(1000)), JsonFault::Value);
    }

    #[test]
    fn plain_text_passes_with_spaces_and_any_order_of_members() {
        for text in ["{\"first\":1,\"second\":\"none\"}", " {\"second\" : \"none\", \"first\":1 }"]
        {
            let pair: Pair = decode(text).unwrap();
            assert_eq!(require_plain(text, &pair), Ok(()), "{text}");
        }
        let text = "{\"first\":1}";
        assert_eq!(require_plain(text, &decode::<Pair>(text).unwrap()), Ok(()));
    }

    #[test]
    fn respelled_text_is_refused() {
        for text in [
            "[1,\"none\"]",
            "{\"first\":1,\"second\":{\"none\":null}}",
            "{\"first\":1,\"second\":{\"some\":[3]}}",
        ] {
            let pair: Pair = decode(text).unwrap();
            assert_eq!(require_plain(text, &pair), Err(PayloadError::Respelled), "{text}");
        }
    }
}

//! From the bytes of a bundle to rules that are known to fit the schema.

use std::{collections::HashMap, fmt, str::FromStr as _, sync::Arc};

use cedar_policy::{
    ActionConstraint, Effect as CedarEffect, EntityTypeName, EntityUid, Policy,
    PolicyId as CedarId, PolicySet, PrincipalConstraint, ResourceConstraint, Schema, Template,
    ValidationMode, Validator,
};
use miette::Diagnostic;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    access::{
        Action,
        entities::{action_uid, type_name},
    },
    bounds::{self, Kind},
    clearance::{self, Missing},
    load::{LoadError, MAX_FILE_BYTES, MAX_ID_BYTES, MAX_RULES, POLICY_SUFFIX, Place, SCHEMA_PATH},
};

/// Name of a rule: its `@id`, or `default-deny`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(Arc<str>);

impl PolicyId {
    /// What decides when no rule allows.
    pub const DEFAULT_DENY: &str = "default-deny";

    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for PolicyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PolicyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|id| Self(id.into()))
    }
}

/// What a rule does where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows, unless something forbids.
    Permit,
    /// Forbids, whatever permits.
    Forbid,
}

/// A rule as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: PolicyId,
    /// What it does.
    pub effect: Effect,
    /// Where it begins.
    pub place: Place,
    /// Its gist in a sentence, from `@says`.
    pub says: Option<Box<str>>,
    /// What clearance lacks where it applies, from `@missing`.
    pub(crate) missing: Option<Missing>,
}

/// A rule and what Cedar makes of it.
pub(crate) struct LoadedRule {
    pub rule: Rule,
    pub policy: Policy,
}

/// Reads and checks every `*.cedar` file and the schema.
pub(crate) fn load(files: &[(&str, &[u8])]) -> Result<(Schema, Vec<LoadedRule>), LoadError> {
    let schema_file = files.iter().find(|(path, _)| *path == SCHEMA_PATH);
    let schema = text_of(schema_file.ok_or(LoadError::SchemaMissing)?, Kind::Schema)?;
    let schema = parse_schema(schema)?;
    let mut policy_files: Vec<_> =
        files.iter().filter(|(path, _)| path.ends_with(POLICY_SUFFIX)).collect();
    policy_files.sort_unstable_by_key(|(path, _)| *path);

    let mut rules: Vec<LoadedRule> = Vec::new();
    for file in policy_files {
        let text = text_of(file, Kind::Rules)?;
        let set = PolicySet::from_str(text).map_err(|errors| {
            let (place, message) = locate(file.0, text, &errors, 0);
            LoadError::Syntax { place, message }
        })?;
        rules.extend(rules_of(file.0, text, &schema, &set)?);
    }
    if rules.is_empty() {
        return Err(LoadError::NoRules);
    }
    if rules.len() > MAX_RULES {
        return Err(LoadError::TooManyRules { found: rules.len(), limit: MAX_RULES });
    }
    let mut places: HashMap<&PolicyId, &Place> = HashMap::new();
    for LoadedRule { rule, .. } in &rules {
        if let Some(first) = places.insert(&rule.id, &rule.place) {
            return Err(LoadError::IdRepeated { place: rule.place.clone(), first: first.clone() });
        }
    }
    Ok((schema, rules))
}

/// What is asked about an action: by whom, and done to what.
pub(crate) struct Scope {
    pub action: EntityUid,
    /// The groups that the schema puts the action in, directly or not.
    groups: Vec<EntityUid>,
    principals: Vec<EntityTypeName>,
    resource: EntityTypeName,
}

impl Scope {
    /// An action that members do, and visitors if it is open to them.
    pub fn of(schema: &Schema, action: Action) -> Self {
        let visitors = action.is_open_to_visitors().then_some("Visitor");
        let principals: Vec<&str> = std::iter::once("Member").chain(visitors).collect();
        Self::new(schema, action.as_str(), &principals, action.resource().as_str())
    }

    /// The decision about clearance.
    pub fn of_clearance(schema: &Schema) -> Self {
        Self::new(schema, clearance::ACTION, &["Service"], "Dossier")
    }

    fn new(schema: &Schema, action: &str, principals: &[&str], resource: &str) -> Self {
        let action = action_uid(action);
        let groups = schema.action_entities().ok().and_then(|actions| {
            let groups = actions.ancestors(&action)?;
            Some(groups.cloned().collect())
        });
        Self {
            action,
            groups: groups.unwrap_or_default(),
            principals: principals.iter().map(|name| type_name(name)).collect(),
            resource: type_name(resource),
        }
    }

    /// Whether a rule can have a say. A rule that cannot names other actions or other kinds in its
    /// scope, so it never applies to what is asked here.
    pub fn admits(&self, policy: &Policy) -> bool {
        let is_named = |uid: &EntityUid| *uid == self.action || self.groups.contains(uid);
        let action = match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => uid == self.action,
            ActionConstraint::In(uids) => uids.iter().any(is_named),
        };
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
            PrincipalConstraint::Eq(uid) => self.principals.contains(uid.type_name()),
            PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => {
                self.principals.contains(&kind)
            }
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::In(_) => true,
            ResourceConstraint::Eq(uid) => *uid.type_name() == self.resource,
            ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) => {
                kind == self.resource
            }
        };
        action && principal && resource
    }
}

/// The text of a file, if it is text and within bounds.
fn text_of<'a>((path, bytes): &(&'a str, &'a [u8]), kind: Kind) -> Result<&'a str, LoadError> {
    if bytes.len() > MAX_FILE_BYTES {
        let (found, limit) = (bytes.len(), MAX_FILE_BYTES);
        return Err(LoadError::TooLarge { file: (*path).into(), found, limit });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        LoadError::NotUtf8 { place: Place::of(path, &valid, valid.len()) }
    })?;
    bounds::check(path, text, kind)?;
    Ok(text)
}

fn parse_schema(text: &str) -> Result<Schema, LoadError> {
    let error = |diagnostic: &dyn Diagnostic| {
        let (place, message) = locate(SCHEMA_PATH, text, diagnostic, 0);
        LoadError::Schema { place, message }
    };
    let (schema, mut warnings) =
        Schema::from_cedarschema_str(text).map_err(|refused| error(&refused))?;
    match warnings.next() {
        Some(warning) => Err(error(&warning)),
        None => Ok(schema),
    }
}

/// Checks the rules of one file against the schema and against what this program asks of rules.
fn rules_of(
    file: &str,
    text: &str,
    schema: &Schema,
    set: &PolicySet,
) -> Result<Vec<LoadedRule>, LoadError> {
    let begins = beginnings(text, set);
    let begins = |id: &CedarId| begins.get(id).copied().unwrap_or(0);
    if let Some(template) = set.templates().map(Template::id).min_by_key(|id| begins(id)) {
        return Err(LoadError::Template { place: Place::of(file, text, begins(template)) });
    }
    let checked = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    let errors = checked.validation_errors().map(|e| (e.policy_id(), e as &dyn Diagnostic));
    let warnings = checked.validation_warnings().map(|w| (w.policy_id(), w as &dyn Diagnostic));
    let faults = errors.chain(warnings).map(|(id, fault)| {
        let from = begins(id);
        (start_of(fault).unwrap_or(from), locate(file, text, fault, from))
    });
    if let Some((_, (place, message))) = faults.min_by_key(|(byte, _)| *byte) {
        return Err(LoadError::Invalid { place, message });
    }
    let clearance = Scope::of_clearance(schema);
    let mut rules = Vec::new();
    for policy in set.policies() {
        let place = Place::of(file, text, begins(policy.id()));
        let rule = rule_of(policy, place, clearance.admits(policy))?;
        let policy = policy.new_id(CedarId::new(rule.id.as_str()));
        rules.push(LoadedRule { rule, policy });
    }
    let order = |rule: &LoadedRule| (rule.rule.place.line, rule.rule.place.column);
    rules.sort_by_key(order);
    Ok(rules)
}

/// Where each rule of a file begins, in bytes. Cedar gives the texts but not their places; it
/// numbers the rules of a file in order.
fn beginnings(text: &str, set: &PolicySet) -> HashMap<CedarId, usize> {
    let policies = set.policies().map(|policy| (policy.id(), policy.to_cedar()));
    let templates = set.templates().map(|template| (template.id(), Some(template.to_cedar())));
    let number = |id: &CedarId| {
        let id: &str = id.as_ref();
        id.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse::<usize>().ok()
    };
    let mut sources: Vec<_> = policies.chain(templates).collect();
    sources.sort_by_key(|(id, _)| number(id));
    let text = bounds::blank_comments(text);
    let mut from = 0;
    let mut begins = HashMap::new();
    for (id, source) in sources {
        let source = bounds::blank_comments(&source.unwrap_or_default());
        if let Some(found) = text[from..].find(&source) {
            begins.insert(id.clone(), from + found);
            from += found + source.len();
        }
    }
    begins
}

fn rule_of(policy: &Policy, place: Place, decides_clearance: bool) -> Result<Rule, LoadError> {
    let Some(id) = policy.annotation("id") else {
        return Err(LoadError::IdMissing { place });
    };
    let well_formed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let length_fits = (1..=MAX_ID_BYTES).contains(&id.len());
    if !length_fits || !id.bytes().all(well_formed) || id == PolicyId::DEFAULT_DENY {
        return Err(LoadError::IdMalformed { place });
    }
    let effect = match policy.effect() {
        CedarEffect::Permit => Effect::Permit,
        CedarEffect::Forbid => Effect::Forbid,
    };
    let missing = policy.annotation("missing").and_then(Missing::parse);
    if decides_clearance && effect == Effect::Forbid && missing.is_none() {
        return Err(LoadError::ReasonMissing { place });
    }
    let says = policy.annotation("says").map(Into::into);
    Ok(Rule { id: PolicyId::new(id), effect, place, says, missing })
}

/// Where a complaint begins, in bytes of the file.
fn start_of(fault: &dyn Diagnostic) -> Option<usize> {
    fault.labels()?.map(|label| label.offset()).min()
}

/// Where a complaint is, and all that it says: `otherwise` if it does not say where.
fn locate(file: &str, text: &str, fault: &dyn Diagnostic, otherwise: usize) -> (Place, Box<str>) {
    let label = fault.labels().and_then(|mut labels| labels.next());
    let mut message = fault.to_string();
    let hints = label.iter().filter_map(|label| label.label().map(str::to_owned));
    for hint in hints.chain(fault.help().map(|help| help.to_string())) {
        message.push_str("; ");
        message.push_str(&hint);
    }
    (Place::of(file, text, start_of(fault).unwrap_or(otherwise)), message.into())
}

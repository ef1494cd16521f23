// What statements commit to: the kind, who may say it, and what it is about.

const PAYLOAD_MAX = 64 << 10;

// Roles of whoever says a kind; none where the service speaks.
const SPEAKERS = {
  contractor: ["manifest", "own-work", "nda-check", "redaction-check", "task-authority", "effort", "withdrawal"],
  reviewer: ["review"],
  officer: ["key-approval"],
  legal: ["hold", "hold-release", "case-step", "case-approval"],
  service: [
    "scan", "clearance", "access", "case-opened", "case-moved", "erasure-ordered", "erased", ...PUBLIC_TYPES,
  ],
};
const ROLES = {
  contractor: ["contractor"],
  reviewer: ["reviewer"],
  officer: ["legal", "admin"],
  legal: ["legal"],
  service: [],
};
const ABOUT_HOLDS = ["hold", "hold-release"];
const ABOUT_CASES = ["case-step", "case-approval", "case-opened", "case-moved"];

function speakerOf(kind) {
  return Object.keys(SPEAKERS).find((speaker) => SPEAKERS[speaker].includes(kind)) ?? null;
}

// What the header of the statement must name as its subject.
function subjectOf(kind, payload, issuer) {
  const { body, envelope } = payload;
  const key = (thumbprint) => `${THUMBPRINT_URI}${thumbprint}`;
  if (ABOUT_HOLDS.includes(kind)) return `urn:uuid:${body.hold}`;
  if (ABOUT_CASES.includes(kind)) return `urn:uuid:${body.case}`;
  switch (kind) {
    case "genesis":
      return key(body.service_key?.thumbprint);
    case "policy":
      return key(issuer);
    case "key-enrolled":
      return key(body.key?.thumbprint);
    case "key-rotated":
      return key(body.previous);
    case "key-revoked":
      return key(body.key);
    case "key-approval":
      return key(body.lost);
    default:
      return `urn:uuid:${speakerOf(kind) === "contractor" ? envelope.subject : body.subject}`;
  }
}

// Reads the payload of a statement and compares it with the header.
function parsePayload(bytes, statement) {
  const what = `the payload of ${statement.what}`;
  require(bytes.length <= PAYLOAD_MAX, `${what} is too long`);
  const payload = jsonOf(bytes, what);
  const speaker = speakerOf(payload?.type);
  require(speaker !== null, `${what} is of a kind that is not known here`);
  const kind = payload.type;
  const isPublic = PUBLIC_TYPES.includes(kind);
  const members = ["schema", "type", ...(isPublic ? [] : ["salt"]), ...(speaker === "service" ? [] : ["envelope"]), "body"];
  const isForm = hasMembers(payload, members) && payload.schema === 1 &&
    typeof payload.body === "object" && payload.body !== null &&
    (isPublic || hashOfBase64url(payload.salt) !== null) &&
    (speaker === "service" || (typeof payload.envelope === "object" && payload.envelope !== null));
  require(isForm, `${what} is not of the form that ${kind} has`);
  require(statement.type === (isPublic ? kind : SEALED_TYPE), `${what} is of another kind than the statement says`);
  require(subjectOf(kind, payload, statement.kid) === statement.subject, `${what} is about something else than the statement`);
  return { kind, speaker, ...payload };
}

// The keys of the log, from the payload of its first entry.
async function identityOf(genesis, statement) {
  const { body } = genesis;
  require(body.origin === statement.audience, "the genesis statement is for another log");
  const named = async (member) => {
    const key = await keyOf(hashOfBase64url(body[member]?.public_key), `the ${member} of genesis`);
    require(key.thumbprint === body[member].thumbprint, `the ${member} of genesis has another thumbprint`);
    return key;
  };
  const identity = {
    origin: body.origin,
    noteKey: await parseVkey(String(body.note_vkey), "the checkpoint key of genesis"),
    receiptKey: await named("receipt_key"),
    serviceKey: await named("service_key"),
  };
  const keys = [identity.noteKey.key, identity.receiptKey, identity.serviceKey];
  require(new Set(keys.map((key) => key.thumbprint)).size === 3, "genesis uses one key for two things");
  require(identity.noteKey.name === body.origin, "the checkpoint key of genesis has another name than the log");
  require(identity.serviceKey.thumbprint === statement.kid, "genesis is not signed by the service key that it names");
  return identity;
}

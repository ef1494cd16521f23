// The chain of custody, held against the statements that it is made of.

const CUSTODY_MEMBERS = [
  "index", "leaf", "subject", "previous", "event", "payload", "payload_sha256", "signed_by", "received_by", "purpose",
  "authority", "before", "after", "location", "tool", "configuration", "signed_at", "logged_at", "holds", "note",
  "disposal",
];
const CUSTODY_COLUMNS = [
  "entry", "leaf_sha256", "subject", "previous_leaf_sha256", "event", "payload", "payload_sha256", "signed_by_key",
  "signed_by_role", "received_by_key", "received_by_authentication", "purpose", "authority", "before", "after",
  "location", "tool", "configuration_sha256", "signed_at_signer_clock", "logged_at_service_clock", "holds", "note",
  "disposal",
];

// Role of the signer as the payload states it.
function statedRole({ speaker, envelope }) {
  if (speaker === "service") return "service";
  return speaker === "contractor" ? envelope.signer?.capacity : envelope.capacity;
}

function checkEvent(event, statement) {
  const { payload } = statement;
  const expected = {
    leaf: hex(statement.leaf),
    subject: statement.subject,
    payload_sha256: hex(statement.digest),
    location: statement.audience,
    signed_at: utcTime(statement.issuedAt),
    event: payload === null ? "unreadable" : payload.kind,
  };
  const isSame = Object.entries(expected).every(([member, value]) => event[member] === value) &&
    (payload === null ? ["withheld", "erased"] : ["readable"]).includes(event.payload) &&
    event.signed_by?.key === statement.kid &&
    (event.signed_by.role ?? null) === (payload === null ? null : statedRole(payload)) &&
    event.signed_by.authentication === "signature";
  require(isSame, `custody.json: the event at entry ${event.index} is not what its statement says`);
}

// Reads the record: every statement about a matter is an event, each linked to the one before it.
function checkCustody(bytes, index, statements) {
  const record = canonicalJsonOf(bytes, "custody.json");
  const isForm = hasMembers(record, ["schema", "subject", "size", "events"]) &&
    record.schema === "attestry/custody/v1" && Array.isArray(record.events) &&
    record.subject === `urn:uuid:${index.subject}` && record.size === index.size;
  require(isForm, "custody.json is no custody record of this submission and position");
  const byIndex = new Map(statements.map((statement) => [statement.index, statement]));
  const last = new Map();
  let before = -1;
  for (const event of record.events) {
    require(hasMembers(event, CUSTODY_MEMBERS), "custody.json has an event that is not of the form of events");
    const statement = byIndex.get(event.index);
    require(statement !== undefined, `custody.json: there is no statement for the event at entry ${event.index}`);
    require(event.index > before, `custody.json: the event at entry ${event.index} is out of order`);
    before = event.index;
    checkEvent(event, statement);
    const isShown = event.payload !== "withheld" || !["legal", "auditor"].includes(index.reader);
    require(isShown, `custody.json: entry ${event.index} is withheld from a reader who is shown all`);
    const previous = last.get(event.subject) ?? null;
    const isLinked = event.previous === previous;
    require(isLinked, `custody.json: the event at entry ${event.index} is not linked to the one before it`);
    last.set(event.subject, event.leaf);
    byIndex.delete(event.index);
  }
  const first = record.events.find(({ subject }) => subject === record.subject);
  const isCovered = first !== undefined && first.index < index.first_size;
  require(isCovered, "first.checkpoint does not cover the first statement about the submission");
  const left = [...byIndex.values()].find(isAboutMatter);
  require(left === undefined, `custody.json leaves out the statement at entry ${left?.index}`);
  return record;
}

// The table that follows from the record (RFC 4180).
function custodyTable(record) {
  const contents = (list) => list.map(({ what, sha256: digest }) => `${what} ${digest}`).join("; ");
  const harmless = (text) => (/^[=+\-@\t\r]/.test(text ?? "") ? `'${text}` : (text ?? ""));
  const cell = (text) => (/["\r\n,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = record.events.map((event) => [
    String(event.index), event.leaf, event.subject, event.previous ?? "", event.event, event.payload,
    event.payload_sha256, event.signed_by.key, harmless(event.signed_by.role), event.received_by?.key ?? "",
    event.received_by?.authentication ?? "", harmless(event.purpose), harmless(event.authority),
    contents(event.before), contents(event.after), event.location, harmless(event.tool), event.configuration ?? "",
    event.signed_at, event.logged_at, event.holds.join(" "), harmless(event.note),
    harmless(event.disposal ? `${event.disposal.method} (${event.disposal.authorised_by.join(" ")})` : ""),
  ]);
  return utf8([CUSTODY_COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join(""));
}

// The history of keys that follows from the statements.
function keysDocument(statements) {
  const changes = [];
  for (const { index, payload } of statements) {
    const none = {
      index, event: payload?.kind, key: null, public_key: null, ended: null, replaces: null, program: null, roles: [],
      reason: "",
    };
    const body = payload?.body;
    const came = (key) => ({ key: key.thumbprint, public_key: key.public_key });
    switch (payload?.kind) {
      case "genesis":
        changes.push({ ...none, ...came(body.service_key), reason: "service key of the log" });
        break;
      case "key-enrolled":
        changes.push({
          ...none, ...came(body.key), replaces: body.replaces ?? null, program: body.program, roles: body.roles,
          reason: body.basis,
        });
        break;
      case "key-rotated":
        changes.push({
          ...none, ...came(body.key), ended: body.previous, program: body.program, roles: body.roles,
          reason: body.reason,
        });
        break;
      case "key-revoked":
        changes.push({ ...none, ended: body.key, program: body.program, reason: body.reason });
        break;
    }
  }
  return utf8(`${JSON.stringify({ schema: "attestry/keys/v1", changes }, null, 2)}\n`);
}

// Every policy bundle in the pack is whole, and every clause text that was shown is in it.
function checkPolicies(index, statements) {
  const inPack = index.files.filter(({ path }) => path.startsWith("policies/"));
  const found = new Map(inPack.map((file) => [file.path, file.sha256]));
  const bundles = new Set([...found.keys()].map((path) => path.split("/")[1]));
  const named = new Map();
  for (const { payload } of statements) {
    if (payload?.kind !== "policy" || !bundles.has(payload.body.bundle_sha256)) continue;
    for (const file of payload.body.files) named.set(`policies/${payload.body.bundle_sha256}/${file.path}`, file.sha256);
  }
  for (const path of new Set([...named.keys(), ...found.keys()])) {
    const isNamed = named.get(path) === found.get(path);
    require(isNamed, `${path} is not the file that the policy statement names, or is missing`);
  }
  const texts = new Set(found.values());
  for (const { index: at, payload } of statements) {
    const clauses = payload?.envelope?.clauses;
    const isThere = !clauses || texts.has(clauses.text_sha256);
    require(isThere, `the clause text that the statement at entry ${at} names is not in the pack`);
  }
}

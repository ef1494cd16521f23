// Whose key it was at each position: keys begin and end by statements of the service.

class KeyHistory {
  constructor() {
    this.changes = new Map();
  }

  add(thumbprint, change) {
    if (!this.changes.has(thumbprint)) this.changes.set(thumbprint, []);
    this.changes.get(thumbprint).push(change);
  }

  // Statements come in the order of the log. Of an end the header alone tells.
  static of(statements) {
    const history = new KeyHistory();
    for (const { type, subject, index, payload } of statements) {
      const concerned = subject.slice(THUMBPRINT_URI.length);
      const body = payload?.body;
      if (type === "key-revoked" || type === "key-rotated") history.add(concerned, { index, ended: true });
      if (type === "key-enrolled") {
        const before = body?.replaces ? { key: body.replaces, lost: true } : null;
        history.add(concerned, { index, ended: false, roles: body?.roles ?? null, before });
      }
      if (type === "key-rotated" && body) {
        const before = { key: body.previous, lost: false };
        history.add(body.key.thumbprint, { index, ended: false, roles: body.roles, before });
      }
    }
    return history;
  }

  before(thumbprint, index) {
    return (this.changes.get(thumbprint) ?? []).findLast((change) => change.index < index) ?? null;
  }

  beginning(thumbprint, index) {
    const changes = this.changes.get(thumbprint) ?? [];
    return changes.findLast((change) => change.index < index && !change.ended) ?? null;
  }

  // Earlier keys of whoever signs with a key at an entry; each says whether it, or a later one, was
  // lost. Every beginning is before the one that it led to, so this ends.
  lineage(thumbprint, index) {
    const earlier = [];
    let lost = false;
    for (;;) {
      const began = this.beginning(thumbprint, index);
      if (!began?.before) return earlier;
      lost ||= began.before.lost;
      earlier.push({ key: began.before.key, lost });
      [thumbprint, index] = [began.before.key, began.index];
    }
  }

  firstKey(thumbprint, index) {
    return this.lineage(thumbprint, index).at(-1)?.key ?? thumbprint;
  }
}

// Whether each statement was said by a key that could say it where it stands. Notes the roles of
// each key at the position, none where they are not in the pack, and answers how many those are.
function checkSpeakers(statements, identity) {
  const service = identity.serviceKey.thumbprint;
  const history = KeyHistory.of(statements);
  const spoken = new Map();
  for (const { kid, subject, index, payload } of statements) {
    if (payload?.speaker !== "contractor") continue;
    spoken.set(subject, [...(spoken.get(subject) ?? []), { kid, index }]);
  }
  for (const statement of statements) {
    const { what, kid, index, payload, type } = statement;
    const change = history.before(kid, index);
    require(!change?.ended, `${what} is signed by a key that ended at entry ${change?.index}`);
    const bySpeaker = payload === null ? (type === SEALED_TYPE ? null : "service") : payload.speaker;
    const byService = kid === service;
    require(bySpeaker !== "service" || byService, `${what} says what only the service says, with another key`);
    const isMembers = bySpeaker !== null && bySpeaker !== "service";
    require(!byService || !isMembers, `${what} says what a member says, with the service's key`);
    statement.roles = byService ? ["service"] : (change?.roles ?? []);
    if (byService || payload === null) continue;
    if (change !== null) checkRole(statement, change);
    checkHolder(statement, spoken.get(statement.subject) ?? [], history);
  }
  return statements.filter(({ roles }) => roles.length === 0).length;
}

function checkRole({ what, payload }, { roles, index }) {
  if (roles === null) return;
  const claimed = payload.speaker === "contractor" ? null : payload.envelope.capacity;
  const required = claimed === null ? ROLES[payload.speaker] : [claimed];
  const fits = required.every((role) => ROLES[payload.speaker].includes(role)) &&
    required.some((role) => roles.includes(role));
  require(fits, `${what} is signed by a key without the role for it; its roles were stated at entry ${index}`);
}

function checkHolder({ what, kid, index, payload }, spoken, history) {
  const first = history.firstKey(kid, index);
  if (payload.speaker === "reviewer") {
    const own = spoken.find((said) => history.firstKey(said.kid, said.index) === first);
    require(own === undefined, `${what} is a review by whoever submitted the work`);
  }
  if (payload.kind === "key-approval") {
    const lost = payload.body.lost;
    const isOwn = [lost, payload.body.replacement].includes(kid) || history.firstKey(lost, index) === first;
    require(!isOwn, `${what} approves the officer's own key`);
  }
  if (payload.speaker === "contractor" && payload.kind !== "withdrawal") {
    const again = history.lineage(kid, index).some(({ key, lost }) => lost && spoken.some((said) => said.kid === key));
    require(!again, `${what} attests with a key that replaced a lost one`);
  }
}

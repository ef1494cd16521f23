// The page: takes a trust file and a pack, and shows what was found.

const LISTED_MAX = 500;
const OPENED_FOR_PRINT_MAX = 200;
const NOT_CHECKED = [
  "Clearance decisions were not made again from the rules in the pack. " +
    "The program does that: attestry verify pack.zip --trust FILE.",
  "MD5 in the load file was not computed. SHA-256 of the same files was.",
  "Notes, purposes and times of logging in the chain of custody are the service’s word, signed with the index.",
  "That there are no other statements about the submission is the service’s word. " +
    "What was withdrawn or revoked after this position is not in the pack.",
];

const page = {
  run: 0,
  pack: null,
  at: (id) => document.getElementById(id),
};

function show(id, ...children) {
  page.at(id).replaceChildren(...children);
}

function times(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return html("span", {}, iso);
  const local = time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const utc = ` · ${iso.replace("T", " ").replace("Z", " UTC")}`;
  return html("span", {}, html("time", { datetime: iso }, local), html("span", { class: "utc" }, utc));
}

function code(text) {
  return html("code", {}, text);
}

function facts(list) {
  return html("dl", {}, ...list.flatMap(([name, ...value]) => [html("dt", {}, name), html("dd", {}, ...value)]));
}

function plural(count, one, many) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

function verdict(kind, word, ...sentences) {
  const panel = page.at("verdict");
  panel.dataset.verdict = kind;
  panel.replaceChildren(html("strong", {}, word), ...sentences.map((sentence) => html("p", {}, sentence)));
}

async function fingerprint(vkey) {
  return hex(await sha256(utf8(vkey.text))).match(/.{4}/g).join(" ");
}

function nameOfKey({ kid, roles }) {
  const who = roles.length > 0 ? roles.join(", ") : "a key whose enrolment is not in the pack";
  return html("span", {}, `${who}, key `, code(kid.slice(0, 12)));
}

function eventItem(event, statement) {
  const attributes = { class: "gutter", viewBox: "0 0 20 20", "aria-hidden": "true" };
  const gutter = svg("svg", attributes, eventMark(10, 10, event.payload));
  const said = { readable: "", withheld: "withheld from this reader", erased: "erased: nobody can read it any more" }[event.payload];
  const lines = [
    html("h3", {}, event.event === "unreadable" ? "Statement that cannot be read here" : event.event),
    html("p", { class: "meta" }, `Entry ${event.index} · `, times(event.logged_at)),
    html("p", {}, nameOfKey(statement)),
  ];
  if (said !== "") lines.push(html("p", { class: `state ${event.payload}` }, said));
  if (event.note) lines.push(html("p", {}, event.note));
  if (event.purpose) lines.push(html("p", {}, `Purpose: ${event.purpose}`));
  if (event.authority) lines.push(html("p", {}, `Ground: ${event.authority}`));
  const previous = event.previous ? `follows ${event.previous.slice(0, 12)}` : "first of its chain";
  lines.push(html("p", { class: "meta" }, code(event.leaf.slice(0, 12)), ` ${previous}`));
  return html("li", {}, gutter, html("div", {}, ...lines));
}

function custodySection({ custody, statements }) {
  const byIndex = new Map(statements.map((statement) => [statement.index, statement]));
  const frame = html("div", { class: "frame" });
  let drawnAt = 0;
  const draw = () => {
    const width = Math.max(frame.clientWidth, 280);
    if (width !== drawnAt) frame.replaceChildren(drawCustody(custody, statements, width));
    drawnAt = width;
  };
  new ResizeObserver(draw).observe(frame);
  const items = custody.events.slice(0, LISTED_MAX).map((event) => eventItem(event, byIndex.get(event.index)));
  const parts = [html("h2", {}, "Chain of custody"), frame, html("ol", { class: "events" }, ...items)];
  const left = custody.events.length - items.length;
  if (left > 0) parts.push(html("p", {}, `${plural(left, "more event is", "more events are")} in custody.json.`));
  return html("section", {}, ...parts);
}

function statementItem(statement) {
  const { index, payload, type, leaf, root, kid, issuedAt, receipts, provenAt } = statement;
  const kind = payload?.kind ?? (type === SEALED_TYPE ? "sealed statement" : type);
  const summary = html("summary", {}, html("span", { class: "kind" }, kind), html("span", { class: "meta" }, `entry ${index}`));
  const item = html("details", {}, summary);
  item.addEventListener("toggle", () => {
    if (!item.open || item.childElementCount > 1) return;
    item.append(
      facts([
        ["Signed by", code(kid)],
        ["Signer's clock", times(utcTime(issuedAt))],
        ["Receipts that verify", String(receipts)],
        ["Leaf", code(hex(leaf))],
        [`Root of ${provenAt}`, code(hex(root))],
      ]),
      drawPath(statement),
    );
  });
  return item;
}

function statementsSection({ statements }) {
  const words = "Each statement is a leaf of the log’s tree. The hashes beside its path are given; " +
    "the others are computed, up to the root that the log signed.";
  const head = [html("h2", {}, "Statements and their paths"), html("p", {}, words)];
  return html("section", {}, ...head, ...statements.map(statementItem));
}

function fileRows(list, natives) {
  const rows = list.files.slice(0, LISTED_MAX).map(({ path, size, sha256: digest }) => html("tr", {},
    html("td", {}, path), html("td", { class: "number" }, size.toLocaleString()), html("td", {}, code(digest.slice(0, 12)))));
  const head = html("tr", {}, ...["File", "Bytes", "SHA-256"].map((name) => html("th", { scope: "col" }, name)));
  const left = list.files.length - rows.length;
  const proof = list.isCommitted ? "A statement commits to this list." : "No readable statement commits to this list.";
  const here = natives
    ? "The files are in the pack and are those of the list."
    : "The files themselves are not in the pack.";
  const words = [here, proof];
  if (left > 0) words.push(`${plural(left, "more file is", "more files are")} in ${list.path}.`);
  const count = html("span", { class: "meta" }, plural(list.count, "file", "files"));
  const summary = html("summary", {}, html("span", { class: "kind" }, list.role), count);
  const table = html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows));
  return html("details", {}, summary, html("p", {}, words.join(" ")), table);
}

function filesSection({ lists, index }) {
  const parts = lists.map((list) => fileRows(list, index.natives));
  if (parts.length === 0) {
    parts.push(html("p", {}, "The pack has no list of files: it was left out for this reader, or erased."));
  }
  return html("section", {}, html("h2", {}, "Files of the submission"), ...parts);
}

function left({ withheld, erased }, reader) {
  const words = [];
  if (withheld > 0) {
    words.push(`${plural(withheld, "payload was", "payloads were")} withheld: the pack was made for ${reader}. ` +
      "What was signed is still proven, by its digest.");
  }
  if (erased > 0) {
    words.push(`${plural(erased, "payload was", "payloads were")} erased and can be read by nobody. ` +
      "That something was signed, and where it is in the log, is still proven.");
  }
  return words.length > 0 ? words.join(" ") : "Nothing was withheld or erased.";
}

async function aboutSection(found, isTrusted) {
  const { index, newest } = found;
  const counts = found.counts();
  const witnesses = newest.seen.map(({ name, time }) => html("span", { class: "line" }, `${name}, `, times(utcTime(time))));
  const known = isTrusted ? " which you trust" : " not confirmed: compare it with one that you got elsewhere";
  return html("section", {}, html("h2", {}, "What this pack is"), facts([
    ["Submission", code(index.subject)],
    ["Log", index.origin],
    ["Key of the log", code(await fingerprint(newest.log)), known],
    ["Position", plural(index.size, "entry", "entries")],
    ["Root", code(index.root)],
    ["Witnesses", ...(witnesses.length > 0 ? witnesses : ["none that you asked for"])],
    ["Made for", index.reader],
    ["Events", `${counts.readable} readable, ${counts.withheld} withheld, ${counts.erased} erased`],
    ["Left out", left(counts, index.reader)],
  ]));
}

function checksSection(passed) {
  const list = (kind, sentences) => html("ul", { class: kind }, ...sentences.map((sentence) => html("li", {}, sentence)));
  const checked = [html("h2", {}, "What was checked"), list("passed", passed)];
  return html("section", {}, ...checked, html("h3", {}, "What was not"), list("unchecked", NOT_CHECKED));
}

async function showFound(found, isTrusted) {
  const { size } = found.index;
  if (isTrusted) {
    const seen = found.newest.isWitnessed
      ? "The witnesses that you demand saw the log at this size."
      : "You asked for no witnesses: that the log shows everybody the same is its own word.";
    verdict("verified", "Verified", `Everything holds for the log that you trust, at ${size} entries.`, seen);
  } else {
    verdict("unconfirmed", "Consistent, log not confirmed", "Everything was checked but who the log is.",
      "Give a trust file or the log’s key above, from somewhere else than this pack.");
  }
  const sections = [custodySection(found), filesSection(found), statementsSection(found)];
  show("found", await aboutSection(found, isTrusted), checksSection(found.passed), ...sections);
}

function showFault(error, passed) {
  const isFault = error instanceof Fault;
  const sentence = isFault ? error.message : `the page could not read it (${error?.name ?? "error"})`;
  verdict("failed", "Not verified", "The first thing that fails:", `${sentence}.`, "Do not rely on anything in this pack.");
  const list = html("ul", { class: "passed" }, ...passed.map((it) => html("li", {}, it)));
  const before = html("section", {}, html("h2", {}, "What was found in order before that"), list);
  show("found", ...(passed.length > 0 ? [before] : []));
}

async function readTrust() {
  const text = page.at("trust-text").value;
  const problem = page.at("trust-problem");
  problem.textContent = "";
  if (text.trim() === "") return null;
  try {
    return await parseTrust(text);
  } catch (error) {
    problem.textContent = error instanceof Fault ? `${error.message}.` : "This cannot be read.";
    return undefined;
  }
}

async function examine() {
  const run = ++page.run;
  const policy = await readTrust();
  if (page.pack === null || run !== page.run) return;
  page.at("result").hidden = false;
  page.at("pack-name").textContent = page.pack.name;
  if (policy === undefined) {
    show("found");
    const words = "What you gave to say whom you trust cannot be used. Correct it above, or remove it.";
    return verdict("failed", "Not checked", words);
  }
  verdict("running", "Checking", "Nothing leaves this machine.");
  show("found");
  const bar = page.at("progress");
  bar.hidden = false;
  const progress = async (_what, done, all) => {
    if (run !== page.run) throw new DOMException("another pack was chosen", "AbortError");
    bar.value = done / all;
    await new Promise((resume) => setTimeout(resume));
  };
  const examination = new Examination(page.pack, policy, progress);
  try {
    const found = await examination.run();
    if (run === page.run) await showFound(found, policy !== null);
  } catch (error) {
    if (run === page.run) showFault(error, examination.passed);
  }
  if (run !== page.run) return;
  bar.hidden = true;
  page.at("verdict").focus();
}

// A pack is an archive; anything else that is short enough says whom to trust.
async function take(files) {
  for (const file of files) {
    const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    const isArchive = head[0] === 0x50 && head[1] === 0x4b;
    if (isArchive || file.size > POLICY_MAX) page.pack = file;
    else page.at("trust-text").value = await file.text();
  }
  await examine();
}

async function isAble() {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return "Open this page from a file or over HTTPS: elsewhere browsers do not let it compute digests.";
  }
  try {
    const point = Uint8Array.of(0x58, ...new Array(31).fill(0x66));
    await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
    new DecompressionStream("deflate-raw");
    return null;
  } catch {
    return "This browser cannot check Ed25519 signatures. Use a newer one: " +
      "Chrome or Edge 137, Firefox 129, Safari 17, or later.";
  }
}

async function begin() {
  const unable = await isAble();
  if (unable !== null) {
    page.at("result").hidden = false;
    return verdict("failed", "This browser cannot do it", unable);
  }
  const chosen = (id) => page.at(id).addEventListener("change", (event) => take(event.target.files));
  chosen("pack-file");
  chosen("trust-file");
  page.at("trust-text").addEventListener("change", examine);
  const zone = page.at("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => zone.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  window.addEventListener("beforeprint", () => {
    const items = [...document.querySelectorAll("#found details")];
    if (items.length <= OPENED_FOR_PRINT_MAX) items.forEach((item) => (item.open = true));
  });
  document.documentElement.dataset.ready = "yes";
}

begin();

"""policies.json: trust policies, well and badly formed, and what they say of a checkpoint."""

from model import ed25519
from model.note import COSIGNATURE, ED25519, Signer, checkpoint, note, vkey
from model.tree import sha256

SOURCE = "C2SP tlog-policy"
ORIGIN = "ledger.example/attestry"
LOG = Signer(ORIGIN)
X = [Signer(f"x.example/w{n}", COSIGNATURE) for n in (1, 2, 3)]
Y = [Signer(f"y.example/w{n}", COSIGNATURE) for n in (1, 2, 3)]
TIME = 1764000000
ROOT = sha256(b"root under policy")
TEXT = checkpoint(ORIGIN, 42, ROOT)


def lines(*items):
    return "".join(f"{item}\n" for item in items)


LOG_LINE = f"log {LOG.vkey}"
X_LINES = [f"witness X{n} {w.vkey}" for n, w in enumerate(X, 1)]
Y_LINES = [f"witness Y{n} {w.vkey}" for n, w in enumerate(Y, 1)]
TWO_LEVELS = lines(
    LOG_LINE, *X_LINES, "group X-witnesses 2 X1 X2 X3", *Y_LINES,
    "group Y-witnesses any Y1 Y2 Y3", "group X-and-Y all X-witnesses Y-witnesses", "quorum X-and-Y",
)
NONE = lines(LOG_LINE, "quorum none")
ONE = lines(LOG_LINE, X_LINES[0], "quorum X1")


def accepted():
    yield "a quorum of none", NONE, 1, 0
    yield "one witness", ONE, 1, 1
    yield "two levels of groups", TWO_LEVELS, 1, 6
    yield "no log at all", lines("quorum none"), 0, 0
    yield "comments, tabs, blank lines and spaces at the ends", (
        f"# who we trust\n\n \t\nlog\t{LOG.vkey}  https://ledger.example/\n"
        f"  witness  X1\t{X[0].vkey} https://x.example/ \n\t# done\nquorum X1\t\n"), 1, 1
    yield "the quorum before lines that define more", lines(X_LINES[0], "quorum X1", X_LINES[1],
                                                           LOG_LINE), 1, 2
    yield "a name in Unicode", lines(LOG_LINE, f"witness K\u00f6ln {X[0].vkey}", "quorum K\u00f6ln"), 1, 1
    yield "the Kelvin sign and K are different names", lines(
        LOG_LINE, f"witness K {X[0].vkey}", f"witness \u212a {X[1].vkey}",
        "group g all K \u212a", "quorum g"), 1, 2
    yield "thirty-two logs, witnesses and groups", large(32), 32, 32


def large(count):
    logs = [Signer(f"log{n}.example") for n in range(count)]
    witnesses = [Signer(f"w{n}.example", COSIGNATURE) for n in range(count)]
    out = [f"log {s.vkey}" for s in logs]
    out += [f"witness w{n} {s.vkey}" for n, s in enumerate(witnesses)]
    out += [f"group g{n} any w{n}" for n in range(count - 1)]
    out += ["group top all " + " ".join(f"g{n}" for n in range(count - 1)), "quorum top"]
    return lines(*out)


def refused():
    same = vkey("renamed.example", ED25519, LOG.key.public)
    same_witness = vkey("renamed.example", COSIGNATURE, X[0].key.public)
    as_log = vkey(ORIGIN, COSIGNATURE, LOG.key.public)
    as_witness = vkey("x.example/w1", ED25519, X[0].key.public)
    return [
        ("nothing", b""),
        ("no quorum line", lines(LOG_LINE)),
        ("two quorum lines", lines(LOG_LINE, "quorum none", "quorum none")),
        ("a quorum without a name", lines(LOG_LINE, "quorum")),
        ("a quorum with two names", lines(LOG_LINE, *X_LINES, "quorum X1 X2")),
        ("a quorum that is not defined", lines(LOG_LINE, "quorum X1")),
        ("a quorum defined only afterwards", lines(LOG_LINE, "quorum X1", X_LINES[0])),
        ("an unknown keyword", lines(LOG_LINE, "trust everyone", "quorum none")),
        ("a keyword in capitals", lines(LOG_LINE, "QUORUM none")),
        ("a log without a key", lines("log", "quorum none")),
        ("a log with too many fields", lines(LOG_LINE + " url extra", "quorum none")),
        ("a witness without a key", lines("witness X1", "quorum none")),
        ("a witness with too many fields", lines(X_LINES[0] + " url extra", "quorum none")),
        ("a vkey with a wrong key id", lines(LOG_LINE.replace("+", "+0", 1), "quorum none")),
        ("a witness key as a log key", lines(f"log {as_log}", "quorum none")),
        ("a log key as a witness key", lines(LOG_LINE, f"witness X1 {as_witness}", "quorum X1")),
        ("one log twice", lines(LOG_LINE, LOG_LINE, "quorum none")),
        ("one log key under two names", lines(LOG_LINE, f"log {same}", "quorum none")),
        ("one witness key under two names",
         lines(X_LINES[0], f"witness other {same_witness}", "quorum X1")),
        ("one name for two witnesses", lines(X_LINES[0], f"witness X1 {X[1].vkey}", "quorum X1")),
        ("one name for a witness and a group", lines(X_LINES[0], "group X1 any X1", "quorum X1")),
        ("a witness named none", lines(f"witness none {X[0].vkey}", "quorum none")),
        ("a group named none", lines(X_LINES[0], "group none any X1", "quorum none")),
        ("none as a group member", lines(X_LINES[0], "group g any X1 none", "quorum g")),
        ("a group without members", lines("group g any", "quorum g")),
        ("a group that is its own member", lines("group g any g", "quorum g")),
        ("a member not yet defined", lines("group g any X1", X_LINES[0], "quorum g")),
        ("a member listed twice in a group", lines(X_LINES[0], "group g 2 X1 X1", "quorum g")),
        ("a member of two groups", lines(*X_LINES, "group g any X1 X2", "group h any X1 X3",
                                        "group t all g h", "quorum t")),
        ("a threshold of zero", lines(*X_LINES, "group g 0 X1 X2", "quorum g")),
        ("a threshold above the members", lines(*X_LINES, "group g 3 X1 X2", "quorum g")),
        ("a threshold with a sign", lines(*X_LINES, "group g +1 X1 X2", "quorum g")),
        ("a threshold in words", lines(*X_LINES, "group g most X1 X2", "quorum g")),
        ("a threshold beyond 64 bits", lines(*X_LINES, f"group g {2**64 + 1} X1", "quorum g")),
        ("a carriage return", ONE.replace("\n", "\r\n")),
        ("a NUL in a comment", "# \0\n" + ONE),
        ("a DEL in a comment", "# \x7f\n" + ONE),
        ("a vertical tab", "\v\n" + ONE),
        ("a last line without its newline", ONE[:-1]),
    ]


def evaluations():
    other = Signer("other.example/log")
    cosigned = [w.line(TEXT, TIME + n) for n, w in enumerate(X + Y)]
    x1, x2, x3, y1, y2, _ = cosigned
    log = LOG.line(TEXT)
    bad_witness = X[0].line_with(bytes(72))
    other_text = checkpoint("other.example/log", 42, ROOT)
    yield "no witness is asked for", NONE, note(TEXT, log), "trusted", []
    yield "cosignatures of unknown witnesses are ignored", NONE, note(TEXT, log, x1), "trusted", []
    yield "the one witness cosigned", ONE, note(TEXT, log, x1), "trusted", ["X1"]
    yield "the cosignature comes before the log's", ONE, note(TEXT, x1, log), "trusted", ["X1"]
    yield "the one witness is missing", ONE, note(TEXT, log), "quorum-not-met", []
    yield "another witness cosigned", ONE, note(TEXT, log, x2), "quorum-not-met", []
    yield ("two of X and one of Y", TWO_LEVELS, note(TEXT, log, x1, x3, y2), "trusted",
           ["X1", "X3", "Y2"])
    yield "all six", TWO_LEVELS, note(TEXT, log, *cosigned), "trusted", [
        "X1", "X2", "X3", "Y1", "Y2", "Y3"]
    yield "one of X, two of Y", TWO_LEVELS, note(TEXT, log, x1, y1, y2), "quorum-not-met", []
    yield "three of X, none of Y", TWO_LEVELS, note(TEXT, log, x1, x2, x3), "quorum-not-met", []
    yield ("one witness counted once though it cosigned twice", TWO_LEVELS,
           note(TEXT, log, x1, X[0].line(TEXT, TIME + 60), y1), "quorum-not-met", [])
    yield "the log did not sign", ONE, note(TEXT, x1), "unknown-log", []
    yield ("another log signed", ONE, note(other_text, other.line(other_text)), "unknown-log", [])
    yield ("the trusted log's key under an origin that is not its name", ONE,
           note(other_text, LOG.line(other_text), X[0].line(other_text, TIME)), "unknown-log", [])
    yield "no logs are listed", lines("quorum none"), note(TEXT, log), "unknown-log", []
    yield "the log's signature fails", ONE, note(TEXT, LOG.line_with(bytes(64)), x1), (
        "signature-invalid"), []
    yield ("a known witness's cosignature fails though no witness is asked for",
           lines(LOG_LINE, X_LINES[0], "quorum none"), note(TEXT, log, bad_witness),
           "signature-invalid", [])
    yield ("a known witness's cosignature fails beside enough good ones", TWO_LEVELS,
           note(TEXT, log, bad_witness, x2, x3, y1), "signature-invalid", [])
    yield "not a checkpoint", NONE, note("hello\n", LOG.line("hello\n")), "malformed", []
    yield "not a note", NONE, TEXT, "malformed", []


def octets(policy):
    return policy if isinstance(policy, bytes) else policy.encode()


def build():
    assert ed25519.verify(LOG.key.public, TEXT.encode(), LOG.key.sign(TEXT.encode()))
    return {
        "about": "`policy` is hex, because policies are octets. Timestamps are 1764000000 plus the "
                 "witness's place in X1 X2 X3 Y1 Y2 Y3.",
        "accepted": [
            {"description": d, "source": SOURCE, "policy": octets(p).hex(), "logs": logs,
             "witnesses": witnesses}
            for d, p, logs, witnesses in accepted()
        ],
        "refused": [
            {"description": d, "source": SOURCE, "policy": octets(p).hex()} for d, p in refused()
        ],
        "evaluations": [
            {"description": d, "source": SOURCE, "policy": octets(p).hex(),
             "note": n.encode().hex(), "verdict": v, "cosigners": c,
             "size": 42, "root": ROOT.hex()}
            for d, p, n, v, c in evaluations()
        ],
    }

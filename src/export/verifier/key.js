// Ed25519, strictly: a key or signature that one verifier takes and another does not is refused.

const FIELD_HIGH = 0x7f;
// The order of the group, from its lowest byte.
const ORDER = hashOfHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
// Heights of the points that anybody can sign for, without the bit for the side.
const SMALL_ORDER = [
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "00".repeat(32),
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(hashOfHex);

function isSmallOrder(point) {
  const height = Uint8Array.from(point);
  height[31] &= FIELD_HIGH;
  return SMALL_ORDER.some((small) => sameBytes(small, height));
}

// Whether a height is below the prime 2^255 - 19.
function isReduced(point) {
  const isHigh = point.subarray(1, 31).every((byte) => byte === 0xff) && (point[31] & FIELD_HIGH) === FIELD_HIGH;
  return !isHigh || point[0] < 0xed;
}

function isBelowOrder(scalar) {
  for (let at = 31; at >= 0; at--) {
    if (scalar[at] !== ORDER[at]) return scalar[at] < ORDER[at];
  }
  return false;
}

const importedKeys = new Map();

// A public key from its 32 bytes.
async function keyOf(point, what) {
  require(point instanceof Uint8Array && point.length === 32, `${what} is no Ed25519 key: it does not have 32 bytes`);
  require(isReduced(point), `${what} is no Ed25519 key in canonical form`);
  require(!isSmallOrder(point), `${what} is a key for which anybody can sign`);
  const id = hex(point);
  let key = importedKeys.get(id);
  if (key === undefined) {
    const handle = await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"])
      .catch(() => fail(`${what} is no Ed25519 key`));
    // The thumbprint of RFC 9679: the digest of {1: 1, -1: 6, -2: point}.
    const head = Uint8Array.of(0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20);
    key = { point, handle, thumbprint: base64url(await sha256(head, point)) };
    importedKeys.set(id, key);
  }
  return key;
}

async function verifies(key, message, signature) {
  if (signature.length !== 64) return false;
  const [point, scalar] = [signature.subarray(0, 32), signature.subarray(32)];
  if (!isBelowOrder(scalar) || !isReduced(point) || isSmallOrder(point)) return false;
  return crypto.subtle.verify("Ed25519", key.handle, signature, message);
}

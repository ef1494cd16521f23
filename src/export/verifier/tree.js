// SHA-256, and proofs in the tree of the log (RFC 9162 §2.1).

async function sha256(...parts) {
  const bytes = parts.length === 1 ? parts[0] : concat(...parts);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function leafHash(entry) {
  return sha256(LEAF, entry);
}

function nodeHash(left, right) {
  return sha256(NODE, left, right);
}

function bitLength(number) {
  return number === 0n ? 0 : number.toString(2).length;
}

function ones(number) {
  return number.toString(2).replaceAll("0", "").length;
}

// On which side the hashes of a path stand, from the leaf up: `position` is the node that the path
// begins at and `last` the last node of its level.
function sidesOf(position, last) {
  const inner = bitLength(position ^ last);
  const sides = [];
  for (let level = 0; level < inner; level++) {
    sides.push((position >> BigInt(level)) & 1n ? "left" : "right");
  }
  for (let level = ones(position >> BigInt(inner)); level > 0; level--) sides.push("left");
  return sides;
}

// Follows a path from a leaf to the root. Answers with the root and every step, for the drawing.
async function followPath(leaf, index, size, path, what) {
  require(index < size, `${what}: entry ${index} cannot be in a log of ${size} entries`);
  const sides = sidesOf(BigInt(index), BigInt(size) - 1n);
  require(path.length === sides.length, `${what}: the path has ${path.length} hashes, this position needs ${sides.length}`);
  const steps = [];
  let node = leaf;
  for (const [level, sibling] of path.entries()) {
    const side = sides[level];
    const parent = await (side === "left" ? nodeHash(sibling, node) : nodeHash(node, sibling));
    steps.push({ node, sibling, side, parent });
    node = parent;
  }
  return { root: node, steps };
}

// Whether one root is that of a beginning of the other's tree.
async function isConsistent(oldSize, oldRoot, newSize, newRoot, path) {
  if (oldSize > newSize) return false;
  if (oldSize === 0) return path.length === 0 && sameBytes(oldRoot, await sha256(new Uint8Array(0)));
  if (oldSize === newSize) return path.length === 0 && sameBytes(oldRoot, newRoot);
  const [old, all] = [BigInt(oldSize), BigInt(newSize)];
  let height = 0n;
  while (((old >> height) & 1n) === 0n) height++;
  const isPower = ones(old) === 1;
  const sides = sidesOf((old - 1n) >> height, (all - 1n) >> height);
  if (path.length !== sides.length + (isPower ? 0 : 1)) return false;
  const siblings = isPower ? path : path.slice(1);
  let [before, after] = isPower ? [oldRoot, oldRoot] : [path[0], path[0]];
  for (const [level, sibling] of siblings.entries()) {
    if (sides[level] === "left") {
      before = await nodeHash(sibling, before);
      after = await nodeHash(sibling, after);
    } else {
      after = await nodeHash(after, sibling);
    }
  }
  return sameBytes(before, oldRoot) && sameBytes(after, newRoot);
}

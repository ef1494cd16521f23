// Pictures: the path from a statement to the root, and the chain of custody. Texts are set as
// text, never as markup: whatever a pack says stays what it says.

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

function picture(width, height, label, description, ...children) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
  return svg("svg", attributes, svg("desc", {}, description), ...children);
}

const PATH_WIDTH = 320;
const PATH_ROW = 62;
const BOX_WIDTH = 122;
const BOX_HEIGHT = 38;
const PATH_SIDES = { left: 82, right: 238, middle: 160 };

function hashBox(x, y, label, hash, kind) {
  return svg("g", { class: `node ${kind}` },
    svg("title", {}, hex(hash)),
    svg("rect", { x: x - BOX_WIDTH / 2, y, width: BOX_WIDTH, height: BOX_HEIGHT, rx: 5 }),
    svg("text", { x, y: y + 15, class: "label" }, label),
    svg("text", { x, y: y + 30, class: "hash" }, hex(hash).slice(0, 12)),
  );
}

function edge(fromX, fromY, toX, toY, kind) {
  const middle = (fromY + toY) / 2;
  const d = `M ${fromX} ${fromY} C ${fromX} ${middle}, ${toX} ${middle}, ${toX} ${toY}`;
  return svg("path", { d, class: `edge ${kind}` });
}

// The path of a statement, leaf at the bottom and root at the top.
function drawPath({ index, leaf, root, provenAt, steps }) {
  const height = steps.length * PATH_ROW + BOX_HEIGHT + 8;
  const top = (level) => height - 4 - BOX_HEIGHT - level * PATH_ROW;
  const place = (level) => {
    const step = steps[level];
    if (step === undefined) return PATH_SIDES.middle;
    return step.side === "left" ? PATH_SIDES.right : PATH_SIDES.left;
  };
  const edges = [];
  const boxes = [hashBox(place(0), top(0), `entry ${index}`, leaf, "own")];
  for (const [level, { side, sibling, parent }] of steps.entries()) {
    const [from, to] = [top(level), top(level + 1) + BOX_HEIGHT];
    edges.push(edge(PATH_SIDES[side], from, place(level + 1), to, "beside"));
    edges.push(edge(place(level), from, place(level + 1), to, "own"));
    boxes.push(hashBox(PATH_SIDES[side], top(level), "given", sibling, "beside"));
    const isRoot = level === steps.length - 1;
    const [label, kind] = isRoot ? [`root of ${provenAt}`, "root"] : ["computed", "own"];
    boxes.push(hashBox(place(level + 1), top(level + 1), label, parent, kind));
  }
  const description = `Leaf ${hex(leaf)}. ` +
    steps.map(({ side, sibling, parent }) => `With ${hex(sibling)} on the ${side}: ${hex(parent)}. `).join("") +
    `That is the root ${hex(root)}, which the log signed.`;
  const label = `Path of entry ${index} through ${steps.length} hashes to the root of ${provenAt} entries`;
  const drawn = picture(PATH_WIDTH, height, label, description, ...edges, ...boxes);
  drawn.setAttribute("class", "path");
  return drawn;
}

const LANES = ["contractor", "reviewer", "officer", "service", "other"];
const LANE_HEIGHT = 40;
const LANE_LABEL = 84;

// In which lane an event is drawn: by the role that its key has in the log.
function laneOf({ roles }) {
  if (roles.includes("service")) return "service";
  if (roles.includes("contractor")) return "contractor";
  if (roles.includes("reviewer")) return "reviewer";
  return roles.some((role) => ["legal", "admin", "auditor"].includes(role)) ? "officer" : "other";
}

function eventMark(x, y, state) {
  const cross = `M ${x - 4} ${y - 4} L ${x + 4} ${y + 4} M ${x - 4} ${y + 4} L ${x + 4} ${y - 4}`;
  const mark = svg("g", { class: `mark ${state}` }, svg("circle", { cx: x, cy: y, r: 6.5 }));
  if (state === "erased") mark.append(svg("path", { d: cross }));
  return mark;
}

// The chain of custody: who acted, event by event, each linked to the one before it.
function drawCustody(record, statements, width) {
  const byIndex = new Map(statements.map((statement) => [statement.index, statement]));
  const lanes = LANES.filter((lane) => record.events.some(({ index }) => laneOf(byIndex.get(index)) === lane));
  const height = lanes.length * LANE_HEIGHT + 30;
  const y = (lane) => lanes.indexOf(lane) * LANE_HEIGHT + LANE_HEIGHT / 2;
  const step = (width - LANE_LABEL - 24) / Math.max(record.events.length - 1, 1);
  const x = (number) => LANE_LABEL + 12 + number * step;
  const rows = lanes.flatMap((lane) => [
    svg("line", { x1: LANE_LABEL, x2: width, y1: y(lane), y2: y(lane), class: "lane" }),
    svg("text", { x: 0, y: y(lane) + 4, class: "lane-label" }, lane),
  ]);
  const last = new Map();
  const [links, marks] = [[], []];
  for (const [number, event] of record.events.entries()) {
    const place = { x: x(number), y: y(laneOf(byIndex.get(event.index))) };
    const before = last.get(event.subject);
    if (before) links.push(svg("line", { x1: before.x, y1: before.y, x2: place.x, y2: place.y, class: "link" }));
    last.set(event.subject, place);
    const mark = eventMark(place.x, place.y, event.payload);
    mark.prepend(svg("title", {}, `entry ${event.index}: ${event.event}, ${event.logged_at}`));
    marks.push(mark);
  }
  const ends = [record.events[0], record.events.at(-1)].map((event) => event?.logged_at.slice(0, 10) ?? "");
  const axis = [
    svg("text", { x: LANE_LABEL, y: height - 6, class: "axis" }, ends[0]),
    svg("text", { x: width, y: height - 6, class: "axis end" }, ends[1]),
  ];
  const label = `Chain of custody: ${record.events.length} events`;
  const drawn = picture(width, height, label, "The same events follow as a list.", ...rows, ...links, ...marks, ...axis);
  drawn.setAttribute("class", "custody");
  return drawn;
}

/**
 * Draws the picture in ARCHITECTURE.md, `docs/house.svg`, from the code: the packages, their rooms (the folders of `src`), and who imports whom.
 *
 *   npm run picture
 *
 * A test compares the picture with what this makes (e2e/architecture/guides.test.ts).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { importGraph } from './import-graph.mjs';
import { isProgram, repositoryRoot } from './setup.mjs';

const SCOPE = '@timestream-prometheus/';
const CHARACTER = 6.7; // the width of a character of 11 pixels in a monospaced font, rounded up
const LINE = 16;
const GAP = 36;
const ROW_GAP = 70;

/** The text behind a tag in package.json. */
const KINDS = new Map([
  ['type:edge', 'edge'],
  ['type:core', 'core'],
  ['type:pure', 'pure'],
  ['type:page', 'page'],
  ['type:tool', 'tool'],
]);

/**
 * @typedef {{ readonly name: string; readonly to: readonly string[] }} Room
 * @typedef {{ readonly name: string; readonly kind: string; readonly rooms: readonly Room[]; readonly imports: readonly string[] }} House
 */

/**
 * What the sources say: every package that is part of the running product, with its rooms and the packages that it imports.
 *
 * @param {string} packagesFolder
 * @returns {House[]}
 */
export function readHouse(packagesFolder) {
  return readdirSync(packagesFolder)
    .sort()
    .flatMap((name) => {
      const manifestFile = path.join(packagesFolder, name, 'package.json');
      if (!existsSync(manifestFile)) return [];
      /** @type {{ nx?: { tags?: string[] } }} */
      const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
      const kind = KINDS.get(manifest.nx?.tags?.[0] ?? '');
      if (kind === undefined) return [];
      const source = path.join(packagesFolder, name, 'src');
      return [{ name, kind, rooms: roomsOf(source), imports: packagesImportedIn(source, name) }];
    });
}

/** The first folder of a path; files that lie beside the rooms are the entrance. */
const roomOf = (/** @type {string} */ file) => (file.includes(path.sep) ? (file.split(path.sep)[0] ?? '') : '.');

/**
 * @param {string} source
 * @returns {Room[]}
 */
function roomsOf(source) {
  const graph = importGraph(source);
  /** @type {Map<string, Set<string>>} */
  const rooms = new Map();
  for (const [file, targets] of graph) {
    const to = rooms.get(roomOf(file)) ?? new Set();
    for (const target of targets) if (roomOf(target) !== roomOf(file)) to.add(roomOf(target));
    rooms.set(roomOf(file), to);
  }
  return [...rooms].map(([name, to]) => ({ name, to: [...to].sort() })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {string} source
 * @param {string} own
 */
function packagesImportedIn(source, own) {
  /** @type {Set<string>} */
  const imported = new Set();
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file)) continue;
    for (const { fileName } of ts.preProcessFile(readFileSync(path.join(source, file), 'utf8'), true, true).importedFiles)
      if (fileName.startsWith(SCOPE)) imported.add(fileName.slice(SCOPE.length).split('/')[0] ?? '');
  }
  imported.delete(own);
  return [...imported].sort();
}

/**
 * The row of each package, from the top: one below the lowest of those that import it.
 *
 * @param {readonly House[]} houses
 */
function rowsOf(houses) {
  /** @type {Map<string, number>} */
  const rows = new Map();
  const rowOf = (/** @type {string} */ name) => {
    const known = rows.get(name);
    if (known !== undefined) return known;
    const above = houses.filter(({ imports }) => imports.includes(name));
    /** @type {number} */
    const row = above.length === 0 ? 0 : 1 + Math.max(...above.map((house) => rowOf(house.name)));
    rows.set(name, row);
    return row;
  };
  for (const { name } of houses) rowOf(name);
  return rows;
}

/** Files that lie beside the rooms. */
const titleOf = (/** @type {string} */ room) => (room === '.' ? '(entrance)' : room);

const linesOf = (/** @type {House} */ { rooms }) =>
  rooms.map(({ name, to }) => titleOf(name) + (to.length === 0 ? '' : ` → ${to.map(titleOf).join(' ')}`));

/**
 * The picture as SVG.
 *
 * @param {readonly House[]} houses
 */
export function housePicture(houses) {
  const rows = rowsOf(houses);
  /** @type {Map<string, { x: number; y: number; width: number; height: number }>} */
  const boxes = new Map();
  let y = 20;
  let width = 0;
  for (let row = 0; houses.some(({ name }) => rows.get(name) === row); row += 1) {
    let x = 20;
    let tallest = 0;
    for (const house of houses.filter(({ name }) => rows.get(name) === row)) {
      const lines = linesOf(house);
      const longest = Math.max(house.name.length + house.kind.length + 6, ...lines.map((line) => line.length));
      const box = { x, y, width: Math.ceil(longest * CHARACTER) + 24, height: 34 + lines.length * LINE };
      boxes.set(house.name, box);
      x += box.width + GAP;
      tallest = Math.max(tallest, box.height);
    }
    width = Math.max(width, x - GAP + 20);
    y += tallest + ROW_GAP;
  }
  const arrows = houses.flatMap(({ name, imports }) =>
    imports.map((target, at) => arrow(boxes, name, target, (at + 1) / (imports.length + 1))),
  );
  const drawn = houses.map((house) => drawHouse(house, boxes));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - ROW_GAP + 20}" font-family="ui-monospace, monospace" font-size="11">
<title>The packages, their rooms, and who imports whom</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
${[...arrows, ...drawn].join('\n')}
</svg>
`;
}

/**
 * @param {ReadonlyMap<string, { x: number; y: number; width: number; height: number }>} boxes
 * @param {string} from
 * @param {string} to
 * @param {number} share where on the lower edge it leaves
 */
function arrow(boxes, from, to, share) {
  const source = boxes.get(from);
  const target = boxes.get(to);
  if (source === undefined || target === undefined) return '';
  const [x1, y1] = [Math.round(source.x + source.width * share), source.y + source.height];
  const [x2, y2] = [Math.round(target.x + target.width * (0.2 + 0.6 * share)), target.y];
  const bend = Math.round((y2 - y1) / 2);
  return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}" fill="none" stroke="#57606a" marker-end="url(#tip)"/>`;
}

const FILLS = new Map([
  ['edge', '#ddf4ff'],
  ['core', '#fff8c5'],
  ['pure', '#dafbe1'],
]);

/**
 * @param {House} house
 * @param {ReadonlyMap<string, { x: number; y: number; width: number; height: number }>} boxes
 */
function drawHouse(house, boxes) {
  const box = boxes.get(house.name);
  if (box === undefined) return '';
  const text = linesOf(house).map((line, at) => `<text x="${box.x + 12}" y="${box.y + 42 + at * LINE}">${line}</text>`);
  return [
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="6" fill="${FILLS.get(house.kind) ?? '#f6f8fa'}" stroke="#57606a"/>`,
    `<text x="${box.x + 12}" y="${box.y + 20}"><tspan font-weight="bold">${house.name}</tspan> · ${house.kind}</text>`,
    ...text,
  ].join('\n');
}

export const pictureFile = path.join(repositoryRoot, 'docs', 'house.svg');

/** The picture of this repository. */
export const picture = () => housePicture(readHouse(path.join(repositoryRoot, 'packages')));

if (isProgram(import.meta.url)) writeFileSync(pictureFile, picture());

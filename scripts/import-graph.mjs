import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * Which file imports which. Paths are relative to the root of the graph; imports of types count like any other, since whoever reads the one file has
 * to read the other.
 *
 * @typedef {ReadonlyMap<string, readonly string[]>} ImportGraph
 */

/**
 * The imports between the sources of a folder; those of other packages are left out.
 *
 * @param {string} root
 * @returns {ImportGraph}
 */
export function importGraph(root) {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .sort();
  return new Map(files.map((file) => [file, importsOf(root, file)]));
}

/**
 * @param {string} root
 * @param {string} file
 */
function importsOf(root, file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'), true, true);
  const targets = importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => path.join(path.dirname(file), fileName).replace(/\.js$/, ''))
    .map((target) => ['.ts', '.tsx'].map((ending) => target + ending).find((name) => existsSync(path.join(root, name))))
    .filter((target) => target !== undefined);
  return [...new Set(targets)].sort();
}

/**
 * The groups of files that import each other in a circle, each sorted: the strongly connected components of more than one file (Tarjan 1972).
 *
 * @param {ImportGraph} graph
 */
export function circlesOf(graph) {
  /** @type {Map<string, { index: number; low: number }>} */
  const visited = new Map();
  /** @type {string[]} */
  const path = [];
  /** @type {string[][]} */
  const circles = [];

  const visit = (/** @type {string} */ file) => {
    const place = { index: visited.size, low: visited.size };
    visited.set(file, place);
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const other = visited.get(target);
      if (other === undefined) place.low = Math.min(place.low, visit(target).low);
      else if (path.includes(target)) place.low = Math.min(place.low, other.index);
    }
    if (place.low === place.index) {
      const circle = path.splice(path.indexOf(file)).sort();
      if (circle.length > 1 || graph.get(file)?.includes(file) === true) circles.push(circle);
    }
    return place;
  };

  for (const file of graph.keys()) if (!visited.has(file)) visit(file);
  return circles;
}

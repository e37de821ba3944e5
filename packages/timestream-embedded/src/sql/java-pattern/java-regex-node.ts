/** A piece of a Java regular expression, all of what `java.util.regex` writes that the matcher here can follow exactly. */
export type RegexNode =
  | { readonly kind: 'set'; readonly includes: (codePoint: number) => boolean }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'alternation'; readonly branches: readonly RegexNode[]; readonly isLineBreak?: true }
  | {
      readonly kind: 'repeat';
      readonly item: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly mode: 'greedy' | 'lazy' | 'possessive';
    }
  | { readonly kind: 'group'; readonly number: number; readonly item: RegexNode }
  | { readonly kind: 'atomic'; readonly item: RegexNode }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negated: boolean; readonly item: RegexNode }
  | { readonly kind: 'reference'; readonly number: number; readonly ignoreCase: boolean }
  | { readonly kind: 'boundary'; readonly negated: boolean }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'line-start'; readonly unixLines: boolean }
  | { readonly kind: 'line-end'; readonly multiline: boolean; readonly unixLines: boolean };

/** How long a match of the node is in code points: the least and the most, which is Infinity without a bound. */
export function lengthOf(node: RegexNode): readonly [min: number, max: number] {
  switch (node.kind) {
    case 'set':
      return [1, 1];
    case 'sequence':
      return node.items.map(lengthOf).reduce(([min, max], [itemMin, itemMax]) => [min + itemMin, max + itemMax], [0, 0]);
    case 'alternation':
      return node.branches
        .map(lengthOf)
        .reduce(([min, max], [itemMin, itemMax]) => [Math.min(min, itemMin), Math.max(max, itemMax)], [Infinity, 0]);
    case 'repeat': {
      const [min, max] = lengthOf(node.item);
      return [min * node.min, max === 0 ? 0 : max * node.max];
    }
    case 'group':
    case 'atomic':
      return lengthOf(node.item);
    case 'reference':
      return [0, Infinity];
    default:
      return [0, 0];
  }
}

/** See `JavaRegex.hasUncertainGroups`. */
export function hasUncertainGroups(node: RegexNode, isRepeated: boolean): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.some((item) => hasUncertainGroups(item, isRepeated));
    case 'alternation':
      return node.branches.some((branch) => hasUncertainGroups(branch, isRepeated));
    case 'group':
    case 'atomic':
    case 'look':
      return hasUncertainGroups(node.item, isRepeated);
    case 'repeat': {
      const repeats = node.max > 1 || node.mode === 'possessive';
      // A repetition of Java's whose rest does not match gives back its own group, and leaves in the groups inside it what they held.
      const inside = node.item.kind === 'group' ? node.item.item : node.item;
      return (
        (repeats && hasGroup(inside)) ||
        (repeats && (isRepeated || node.mode === 'possessive' || lengthOf(node.item)[0] === 0) && hasGroup(node.item)) ||
        hasUncertainGroups(node.item, isRepeated || repeats)
      );
    }
    default:
      return false;
  }
}

/**
 * The item of a repetition. Where an item has no choice of its own, as Java sees it, Java keeps what each repetition took. The one such item
 * that can match in two ways is \R: `\R{2}` does not match one \r\n. A group before `?` or `{0,1}` is another matter, and may choose again.
 */
export function repeatedItem(item: RegexNode, isOptional: boolean): RegexNode {
  const keeps = isLineBreak(item) || (!isOptional && hasLineBreak(item) && hasNoChoice(item));
  if (!keeps) return item;
  return item.kind === 'group' ? { ...item, item: { kind: 'atomic', item: item.item } } : { kind: 'atomic', item };
}

const isLineBreak = (node: RegexNode): boolean => node.kind === 'alternation' && node.isLineBreak === true;

function hasLineBreak(node: RegexNode): boolean {
  if (node.kind === 'sequence') return node.items.some(hasLineBreak);
  return isLineBreak(node) || ((node.kind === 'group' || node.kind === 'atomic' || node.kind === 'repeat') && hasLineBreak(node.item));
}

/** What Java's `Pattern` calls deterministic. */
function hasNoChoice(node: RegexNode): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.every(hasNoChoice);
    case 'alternation':
      return isLineBreak(node);
    case 'group':
    case 'atomic':
      return hasNoChoice(node.item);
    case 'repeat':
      return node.min === node.max && hasNoChoice(node.item);
    default:
      return true;
  }
}

function hasGroup(node: RegexNode): boolean {
  switch (node.kind) {
    case 'group':
      return true;
    case 'sequence':
      return node.items.some(hasGroup);
    case 'alternation':
      return node.branches.some(hasGroup);
    case 'atomic':
    case 'look':
    case 'repeat':
      return hasGroup(node.item);
    default:
      return false;
  }
}

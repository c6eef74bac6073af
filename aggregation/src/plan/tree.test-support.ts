/** Where a value lies in a tree of JSON values. */
export type Path = readonly string[];

/** Paths of everything that is neither an object nor a list. */
export function leavesOf(tree: unknown, path: Path = []): Path[] {
  if (typeof tree !== "object" || tree === null) return [path];
  return Object.entries(tree).flatMap(([key, value]) => leavesOf(value, [...path, key]));
}

/** Paths of all objects, the tree itself included, lists not. */
export function objectsOf(tree: unknown, path: Path = []): Path[] {
  if (typeof tree !== "object" || tree === null) return [];
  const inside = Object.entries(tree).flatMap(([key, value]) => objectsOf(value, [...path, key]));
  return Array.isArray(tree) ? inside : [path, ...inside];
}

/** The value at a path. */
export function at(tree: unknown, path: Path): unknown {
  return path.reduce((value: unknown, key) => (value as Record<string, unknown>)[key], tree);
}

/** A copy of a tree with another value at a path. */
export function replaced<T>(tree: T, path: Path, value: unknown): T {
  const [key, ...rest] = path;
  if (key === undefined) return value as T;
  if (Array.isArray(tree))
    return tree.map((element, index) =>
      String(index) === key ? replaced(element, rest, value) : element,
    ) as T;
  return { ...tree, [key]: replaced((tree as Record<string, unknown>)[key], rest, value) };
}

/** A copy of a tree with the members of its objects in another order. */
export function shuffled(tree: unknown, order: Iterator<number>): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((element) => shuffled(element, order));
  const members = Object.entries(tree).map(([key, value]) => ({
    rank: order.next().value as number,
    member: [key, shuffled(value, order)] as const,
  }));
  members.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(members.map(({ member }) => member));
}

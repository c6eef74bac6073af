/** What lies at a path in a JSON value; undefined where there is nothing, or nothing that has members. */
export function memberOf(json: unknown, ...path: readonly PropertyKey[]): unknown {
  return path.reduce(
    (value: unknown, key) =>
      typeof value === "object" && value !== null
        ? Object.getOwnPropertyDescriptor(value, key)?.value
        : undefined,
    json,
  );
}

/** Whether the error carries that code, as the errors of Node and LevelDB do. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

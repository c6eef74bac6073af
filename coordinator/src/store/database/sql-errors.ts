import { StoreError } from "../store.ts";

/**
 * Says in our words what PostgreSQL reports about the disk; any other error is returned as it is.
 * Codes: PostgreSQL 18, appendix A: classes 53 (out of resources) and 58 (system), 42501 (no permission: what EACCES and
 * EROFS become), XX001 and XX002 (a page whose checksum is wrong, a broken index).
 */
export function explainSqlError(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error) || error instanceof StoreError) return error;
  const code = String(error.code);
  const options = { cause: error };
  if (/^(53|58|42501)/.test(code))
    return new StoreError("unwritable", `cannot write to the database: ${error.message}`, options);
  if (/^XX00[12]$/.test(code))
    return new StoreError("damaged", `the database's files are damaged: ${error.message}`, options);
  return error;
}

import { matMul, ones, sum, tidy } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";

/** Of both factors: small, but no multiple of any tile. */
const [ROWS, INNER, COLUMNS] = [33, 65, 17];

/**
 * Lets the backend that is selected multiply two matrices of ones, the first thing that a driver is asked to compute. Throws
 * {@link ClientError} `backend-failed` for a wrong result, and what the driver throws.
 */
export async function requireRightProduct(): Promise<void> {
  const product = tidy(() => sum(matMul(ones([ROWS, INNER]), ones([INNER, COLUMNS]))));
  const [got] = await product.data();
  product.dispose();
  const wanted = ROWS * INNER * COLUMNS;
  if (got === wanted) return;
  const text = `the graphics processor sums a product of ones to ${got}, wanted ${wanted}`;
  throw new ClientError("backend-failed", text);
}

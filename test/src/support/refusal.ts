import { type ServiceError, status } from "@grpc/grpc-js";

/** How a call is refused: "STATUS details". Rejects when the call succeeds or fails otherwise than by a status. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => undefined,
    (error: ServiceError) => error,
  );
  if (outcome === undefined) throw new Error("the call was answered, wanted a refusal");
  if (typeof outcome.code !== "number") throw outcome;
  return `${status[outcome.code]} ${outcome.details}`;
}

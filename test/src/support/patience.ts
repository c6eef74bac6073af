/** The longest that starting a federation may take on a busy machine: the bound of hooks, waited for by nothing else. */
export const patienceMs = 120_000;

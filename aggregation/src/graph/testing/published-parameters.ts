import type { GraphRequirements } from "../graph-parameters.ts";

type Coordinator = GraphRequirements["coordinator"];

/**
 * All values that Google's parameter finder is tested with (its class NONE apart, which is `semi-honest` without colluders):
 * google-parfait/federated-compute, fcp/secagg/server/graph_parameter_finder_test.cc. Their test allows lower thresholds;
 * ours are equal. Left out are {@link GOOGLE_UNSAFE_VALUES}. Coordinator, colluding share, dropout share, then rows of participants, degree, threshold.
 */
export const GOOGLE_VALUES: readonly [
  Coordinator,
  number,
  number,
  readonly (readonly [number, number, number])[],
][] = [
  ["semi-honest", 0.45, 0.45, rows(2, "92/46 822/417 3494/1771 5508/2788 6240/3156")],
  ["semi-honest", 0.33, 0.33, rows(1, "8/4 68/34 286/150 422/221 480/251 518/270")],
  ["malicious", 0.3, 0.3, rows(2, "92/62 872/584 4822/3230 9388/6286 11136/7454")],
  ["semi-honest", 0.05, 0.33, rows(2, "28/6 72/24 86/29 96/32 102/34")],
  ["malicious", 0.05, 0.33, rows(1, "8/5 72/39 398/223 746/420 882/496 970/545")],
  ["semi-honest", 0.33, 0.05, rows(1, "4/4 34/29 78/60 92/70 102/77 110/83")],
  ["malicious", 0.33, 0.05, rows(1, "4/4 42/37 132/109 178/146 196/160 212/173")],
  ["semi-honest", 0.05, 0.05, rows(1, "2/2 12/6 30/17 34/20 36/21 38/22")],
  ["malicious", 0.05, 0.05, rows(1, "2/2 16/11 52/37 62/44 68/48 74/52")],
  ["semi-honest", 0.33, 0, rows(1, "4/4 26/25 38/36 42/40 46/44 50/47")],
  ["malicious", 0.33, 0, rows(1, "4/4 26/26 38/37 42/41 46/45 50/49")],
  ["semi-honest", 0, 0.33, rows(2, "26/2 38/2 42/2 46/2 50/2")],
  ["malicious", 0, 0.33, rows(1, "8/5 68/35 228/115 326/164 372/187 410/206")],
  ["semi-honest", 0, 0, rows(1, "2/2 2/2 2/2 2/2 2/2 2/2")],
  ["malicious", 0, 0, rows(1, "2/2 2/2 2/2 2/2 2/2 2/2")],
];

/**
 * Two of Google's values, both 4/2 for ten participants, that do not hold what they promise: their finder raises the
 * threshold to two after it has checked that one surviving neighbour is enough. Three of four neighbours drop out with
 * probability 1/30. Ours asks for six neighbours. Coordinator, colluding share, dropout share.
 */
export const GOOGLE_UNSAFE_VALUES: readonly [Coordinator, number, number][] = [
  ["semi-honest", 0.05, 0.33],
  ["semi-honest", 0, 0.33],
];

/** Our own table for 100 to 1e6 participants, degree/threshold, made with a second implementation in Python. */
export const PUBLISHED_REGULAR: readonly [Coordinator, number, number, string][] = [
  ["semi-honest", 0.05, 0.05, "12/6 20/11 28/16 30/17 32/19 34/20 36/21 38/22"],
  ["malicious", 0.05, 0.05, "16/11 30/21 44/31 52/37 58/41 62/44 68/48 74/52"],
  ["semi-honest", 0.1, 0.1, "22/11 34/19 42/24 48/27 52/30 54/31 58/33 64/36"],
  ["malicious", 0.1, 0.1, "32/22 56/39 82/57 96/67 116/81 122/85 134/93 146/101"],
  ["malicious", 0.2, 0.1, "42/32 76/57 116/86 140/104 172/127 184/136 204/150 222/163"],
  ["malicious", 1 / 3, 0.1, "54/44 98/78 170/134 218/171 294/230 314/245 354/276 384/299"],
  ["malicious", 0.1, 0.2, "52/32 88/55 152/97 194/124 260/166 280/179 312/199 338/215"],
  ["semi-honest", 0.1, 0.3, "34/11 54/21 76/31 88/36 106/43 108/44 122/49 130/52"],
  ["malicious", 0.1, 0.3, "72/42 134/78 276/164 414/247 704/421 778/465 926/553 1016/606"],
];

/** Threshold (dropouts survived) of complete graphs of 3, 5, 10, 20, 50, 100 and 200, for a colluding share. */
export const PUBLISHED_COMPLETE: readonly [number, string][] = [
  [1 / 3, "3 (0) 4 (1) 7 (3) 14 (6) 34 (16) 67 (33) 134 (66)"],
  [0.1, "2 (1) 3 (2) 6 (4) 12 (8) 28 (22) 56 (44) 111 (89)"],
];

/** "degree/threshold" for 10^power participants and every further power of ten. */
function rows(power: number, cells: string): [number, number, number][] {
  return cells.split(" ").map((cell, index) => {
    const [degree, threshold] = cell.split("/").map(Number);
    return [10 ** (power + index), degree ?? 0, threshold ?? 0];
  });
}

import { readFile } from "node:fs/promises";
import solc from "solc";

/** Where the contract's source is. */
const sourceFile = new URL("../../contracts/RoundLedger.sol", import.meta.url);

/** Where the compiled contract is kept in the repository. */
export const moduleFile: URL = new URL("../generated/round-ledger.ts", import.meta.url);

/** The parts of Solidity's standard JSON output that are asked for. */
interface CompilerOutput {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly contracts?: {
    readonly "RoundLedger.sol"?: { readonly RoundLedger?: CompiledContract };
  };
}

interface CompiledContract {
  readonly abi: readonly unknown[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
}

/**
 * Compiles the contract and returns the text of {@link moduleFile}. The bytecode carries no metadata hash: it depends on
 * the code, not on comments or file names. Throws when the compiler has anything to say, warnings included.
 */
export async function roundLedgerModule(): Promise<string> {
  const contract = compileContract(await readFile(sourceFile, "utf8"));
  return [
    "// Made from contracts/RoundLedger.sol by src/scripts/compile.ts. Do not edit.",
    `// Compiler: solc ${solc.version()}.`,
    `export const roundLedgerAbi = ${JSON.stringify(contract.abi, undefined, 2)} as const;`,
    "/** What a transaction that deploys the contract carries. */",
    `export const roundLedgerBytecode = "0x${contract.evm.bytecode.object}";`,
    "/** What stands at the contract's address once it is deployed. */",
    `export const roundLedgerRuntimeCode = "0x${contract.evm.deployedBytecode.object}";`,
    "",
  ].join("\n");
}

function compileContract(source: string): CompiledContract {
  const input = {
    language: "Solidity",
    sources: { "RoundLedger.sol": { content: source } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      outputSelection: {
        "*": { RoundLedger: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
      },
    },
  };
  const output: CompilerOutput = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors !== undefined) {
    throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));
  }
  const contract = output.contracts?.["RoundLedger.sol"]?.RoundLedger;
  if (contract === undefined) throw new Error("solc returned no contract, wanted RoundLedger");
  return contract;
}

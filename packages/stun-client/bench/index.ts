import { compareAll } from "@p2pd/testnet/bench";
import { codecCases } from "./codec.bench.js";

await compareAll(codecCases);

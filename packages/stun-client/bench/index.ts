import { compareAll } from "@p2pd/testnet/bench";
import { codecCases } from "./codec.bench.js";
import { serverSpeed } from "./server.bench.js";

await compareAll(codecCases);
await serverSpeed();

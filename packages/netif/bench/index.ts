import { networkInterfaces } from "node:os";
import { compareAll } from "@p2pd/testnet/bench";
import { enumerateInterfaces, listInterfaceNames } from "../src/os.js";

/** What one enumeration may take on Linux, in ms. */
const LIMIT = 2;
const OPS = 200;

const nics = listInterfaceNames().length;
const results = await compareAll([
	{
		name: `enumerate ${nics} NICs, beside os.networkInterfaces()`,
		ops: OPS,
		baseline: () => {
			for (let i = 0; i < OPS; i++) networkInterfaces();
		},
		candidate: async () => {
			for (let i = 0; i < OPS; i++) await enumerateInterfaces();
		},
	},
	{
		name: `names of ${nics} NICs, beside Object.keys(os.networkInterfaces())`,
		ops: OPS,
		baseline: () => {
			for (let i = 0; i < OPS; i++) Object.keys(networkInterfaces());
		},
		candidate: () => {
			for (let i = 0; i < OPS; i++) listInterfaceNames();
		},
	},
]);

const took = 1000 / (results[0]?.candidateRate ?? 0);
console.log(`one enumeration of ${nics} NICs: ${took.toFixed(2)} ms (limit on Linux: ${LIMIT} ms)`);
if (process.platform === "linux" && took > LIMIT) process.exitCode = 1;

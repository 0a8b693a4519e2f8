import { compareAll } from "@p2pd/testnet/bench";
import { idleMemory } from "./idle-memory.js";
import { connectCases, echoCases, throughputCases } from "./tcp.js";
import { udpCases } from "./udp.js";

await compareAll([
	...(await throughputCases()),
	...(await echoCases()),
	...(await udpCases()),
	...(await connectCases()),
]);

await idleMemory();

// The echo cases' connections stand to the end, and would keep the process.
process.exit();

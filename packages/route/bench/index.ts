import { compareAll } from "@p2pd/testnet/bench";
import { connectCases } from "./connect.js";
import { poolCases } from "./pool.js";
import { udpCases } from "./udp.js";

const connects = await connectCases();
await compareAll([...connects.cases, ...udpCases(), ...poolCases()]);
connects.close();

import { randomBytes } from "node:crypto";
import { systemClock } from "@p2pd/stun-client";
import { runDiscovery } from "../src/engine/run.js";
import { kernelSockets } from "../test/lab/scenarios/kernel-sockets.js";
export async function run(input: any) {
  const d = await runDiscovery({ servers: input.servers, localIp: "192.168.1.20", delta: true, hairpinning: true, tcp: true }, { sockets: kernelSockets(4), clock: systemClock, random: randomBytes }, () => {});
  return { took: performance.now() - d.startedAt, st: d.knowledge.filteringStatements, f: d.knowledge.filtering, probes: [...d.ledger.all()].filter(p => !p.answer) };
}

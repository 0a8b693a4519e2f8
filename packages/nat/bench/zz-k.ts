import { CASES } from "../test/scenes/matrix.ts";
import { buildScene, serversOf } from "../test/scenes/scene.ts";
import { runDiscovery } from "../src/engine/run.ts";
const c = CASES.find(c => c.name === "APDM APDF random")!;
const net = buildScene({ gateway: c.gateway, seed: 5, servers: 2, rtt: 10, link: { latency: 5, jitter: 60 } });
let last = "";
const d = await net.clock.runUntil(runDiscovery({ servers: serversOf(2), localIp: "192.168.1.20", delta: true, hairpinning: true, tcp: true }, { sockets: net.host("client").sockets(4), clock: net.clock, random: (n) => net.random.bytes(n) }, (d) => {
  const k = d.knowledge;
  const t = JSON.stringify([k.filtering.decided, k.mapping.behaviour, k.mapping.decided, k.trouble, d.ledger.datagrams, d.ledger.frozen, k.filteringStatements.map(s => [s.both, s.port, s.bothControl, s.portControl, s.understands])]);
  if (t !== last && net.clock.now() > 380) { last = t; console.log(Math.round(net.clock.now()), t); }
}));
for (const p of d.ledger.all()) if (!p.answer) console.log(p.spec.id, p.wanted, p.sends.length, p.spec.maxSends, d.ledger.overdueAt(p), d.ledger.isOver(p, net.clock.now()), p.failure);
console.log(d.ledger.rtt(0), d.ledger.rtt(1));

import { CASES } from "../test/scenes/matrix.ts";
import { runScene } from "../test/scenes/scene.ts";
let n = 0;
for (let seed = 1; seed < 120; seed++) for (const c of CASES.filter(c => c.type === 6 && /APDF random/.test(c.name))) {
  for (const servers of [1, 2]) {
  const { report: r, took } = await runScene({ gateway: c.gateway, seed, servers, rtt: 10, link: { latency: 5, jitter: 60 }, bad: {} });
  n++;
  if (took > 4000) { console.log(c.name, seed, servers, took, r.reason, r.evidence.probes.map((p) => `${p.id} ${p.result} ${p.sends.map((s) => s.at).join(",")} rtt ${p.answer?.rtt}`).filter(t => !/train/.test(t)).join("\n"));
   process.exit(0); } }
}
console.log(n);

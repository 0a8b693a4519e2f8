import { buildLab, LAB_PRESETS } from "@p2pd/testnet/lab";
const lab = await buildLab((LAB_PRESETS as any)[process.argv[2] ?? "symmetricRouter"]());
try {
  const servers = lab.services.filter(s => s.af === 4 && s.kind === (process.argv[3] ?? "classic-stun")).map(s => ({ ip: s.ip, port: s.port }));
  for (let i = 0; i < 12; i++) {
    const r: any = await lab.run("client", new URL("file:///work/main/packages/nat/bench/zz-scenario.ts"), { servers });
    console.log(r.took);
    if (r.took > 1500) { console.log(JSON.stringify(r, null, 1)); break; }
  }
} finally { await lab.close(); }

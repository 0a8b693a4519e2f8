import { buildLab, LAB_PRESETS } from "@p2pd/testnet/lab";

const names = process.argv[2]
	? process.argv[2].split(",")
	: [
			"homeRouter",
			"symmetricRouter",
			"fullConeRouter",
			"addressRestrictedRouter",
			"unfilteredRouter",
			"udpBlocked",
			"oneToOneCloud",
			"doubleNat",
			"openInternet",
			"firewalledHost",
			"ipv6Firewall",
			"prefixTranslation",
		];
for (const name of names) {
	const lab = await buildLab((LAB_PRESETS as any)[name]());
	try {
		const af = name.startsWith("ipv6") || name.startsWith("prefix") ? 6 : 4;
		const servers = lab.services
			.filter((s) => s.af === af && /stun/.test(s.kind))
			.map((s) => ({ ip: s.ip, port: s.port, kind: s.kind }));
		for (const set of [servers, ...servers.map((s) => [s])]) {
			const t0 = performance.now();
			try {
				const r: any = await lab.run(
					"client",
					new URL("/work/main/packages/nat/test/lab/scenarios/discover.ts", import.meta.url),
					{ servers: set.map(({ ip, port }) => ({ ip, port })), af },
				);
				console.log(
					name,
					set.map((s) => s.kind).join("+"),
					"=>",
					r.type,
					r.mapping,
					r.filtering,
					JSON.stringify(r.delta),
					r.elapsed + "ms",
					r.datagrams,
					"hp",
					r.hairpinning,
					"tcp",
					r.tcp.mapping,
					r.tcp.reason,
					r.sharedAddressSpace,
					r.doubleNat.verdict,
					"\n    ",
					r.reason,
				);
				if (process.argv[3])
					console.log(
						JSON.stringify(r.evidence.servers, null, 1),
						r.evidence.probes
							.map(
								(p: any) =>
									`${p.id} ${p.from?.port}->${p.to.ip}:${p.to.port} ${p.result} ${p.sends.map((s: any) => s.at).join(",")} ${JSON.stringify(p.answer?.mapped)} from ${JSON.stringify(p.answer?.from)} err ${p.answer?.errorStatus}`,
							)
							.join("\n"),
					);
			} catch (e: any) {
				console.log(name, "FAILED", e.message, e.child ?? "");
			}
		}
	} finally {
		await lab.close();
	}
}

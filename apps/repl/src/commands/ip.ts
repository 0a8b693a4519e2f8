import type { Interface } from "@p2pd/core";
import type { Run } from "../context.js";
import { CommandError, EXIT } from "../errors.js";
import { shownFamilies } from "../output/interface-text.js";
import { startedInterface } from "./common.js";

/** `p2pd ip`: the external addresses of a NIC, one a line, for scripts. */
export const run: Run = async (context) => {
	const { out, options } = context;
	const nic = await startedInterface(context, { name: undefined, nat: false });
	try {
		const addresses = shownFamilies(nic, options.family).flatMap((af) => externalAddresses(nic, af));
		if (options.json) out.json({ schema: "p2pd-ip", version: 1, nic: nic.name, addresses });
		else for (const { ip } of addresses) out.plain(ip);
		const asked = options.family === undefined ? ([4, 6] as const) : [options.family];
		const reasons = asked.flatMap((af) => (nic.reasons[af] === null ? [] : [`IPv${af}: ${nic.reasons[af]}`]));
		for (const { ip, isPublic } of addresses) if (!isPublic) out.message(`${ip} is not a public address`);
		if (addresses.length === 0 && !options.json) {
			throw new CommandError(`no external address was found. ${reasons.join("; ")}`);
		}
		return addresses.length > 0 ? EXIT.ok : EXIT.failed;
	} finally {
		nic.close();
	}
};

function externalAddresses(nic: Interface, af: 4 | 6): { ip: string; af: 4 | 6; isPublic: boolean }[] {
	const verified = nic.routes(af).routes.filter((route) => route.isVerified);
	const found = verified.flatMap((route) =>
		route.extIps.map((range) => {
			const text = String(range);
			const single = text.endsWith(af === 4 ? "/32" : "/128");
			return { ip: single ? text.slice(0, text.lastIndexOf("/")) : text, af, isPublic: route.isPublic };
		}),
	);
	return [...new Map(found.map((each) => [each.ip, each])).values()];
}

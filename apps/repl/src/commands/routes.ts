import type { Run } from "../context.js";
import { shownFamilies } from "../output/interface-text.js";
import { exitCodeOf, startedInterface } from "./common.js";

/** `p2pd routes [nic]`: which NIC addresses stand behind which external addresses. */
export const run: Run = async (context, [name]) => {
	const { out, options } = context;
	const nic = await startedInterface(context, { name, nat: false });
	try {
		const families = shownFamilies(nic, options.family);
		if (options.json) {
			const routes = Object.fromEntries(families.map((af) => [af, nic.routes(af)]));
			out.json({ schema: "p2pd-routes", version: 1, nic: nic.name, routes });
		} else {
			for (const af of families) out.result(`${out.colours.bold(`IPv${af}`)}\n${nic.routes(af)}`);
			for (const af of [4, 6] as const)
				if (nic.reasons[af] !== null) out.message(`IPv${af}: ${nic.reasons[af]}`);
		}
		return exitCodeOf(nic);
	} finally {
		nic.close();
	}
};
